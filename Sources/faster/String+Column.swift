extension String {
    /// The text filled up to a column of `width` characters; a longer one is kept whole, and ends with a space.
    func column(_ width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
