@main struct Faster { static func main() {} }
