import Foundation

/// Instructions of a dataset by the number that rows bear as `task_index`.
struct TaskList: Sendable {
    /// Texts in order of their numbers.
    private(set) var texts: [String] = []

    private var positions: [Int: Int] = [:]
    private var byText: [String: Int] = [:]

    /// Reads `meta/tasks.parquet` or `meta/tasks.jsonl`; where they are absent or damaged, the episodes' own texts serve.
    init(folder: URL, layout: DatasetLayout, episodes: [Episode], log: WarningLog) {
        let old = folder.appending(path: "meta/tasks.jsonl")
        let new = folder.appending(path: "meta/tasks.parquet")
        let manager = FileManager.default
        let isOld =
            layout == .filePerEpisode
            ? manager.fileExists(atPath: old.path) : !manager.fileExists(atPath: new.path)
        let file = isOld ? old : new
        if manager.fileExists(atPath: file.path) {
            do throws(LeRobotError) {
                for (number, text) in isOld ? try Self.lines(old, log) : try Self.table(new, log) {
                    add(number, text)
                }
            } catch {
                log.add(file.path, nil, "the instructions are taken from the list of episodes: \(error)")
            }
        } else {
            log.add(
                (layout == .filePerEpisode ? old : new).path,
                nil,
                "no such file; the instructions are taken from the list of episodes"
            )
        }
        for episode in episodes { for text in episode.tasks { _ = position(of: text) } }
    }

    private mutating func add(_ number: Int, _ text: String) {
        positions[number] = texts.count
        if byText[text] == nil { byText[text] = texts.count }
        texts.append(text)
    }

    private mutating func position(of text: String) -> Int {
        if let position = byText[text] { return position }
        byText[text] = texts.count
        texts.append(text)
        return texts.count - 1
    }

    /// Position among ``texts`` of the task with a number; nil where there is none.
    func position(ofNumber number: Int) -> Int? { positions[number] }

    /// Position among ``texts`` of a text; nil where it is none of them.
    func position(ofText text: String) -> Int? { byText[text] }

    private static func lines(_ file: URL, _ log: WarningLog) throws(LeRobotError) -> [(Int, String)] {
        let lines = try JSONValue.lines(of: file) {
            log.add(file.path, nil, "its last line is cut off and is left out")
        }
        return lines.compactMap { line in
            line["task_index"]?.integer.flatMap { number in line["task"]?.text.map { (number, $0) } }
        }.sorted { $0.0 < $1.0 }
    }

    private static func table(_ file: URL, _ log: WarningLog) throws(LeRobotError) -> [(Int, String)] {
        let table = try ParquetReader(opening: file)
        guard table.rowCount > 0 else { return [] }
        // The texts are the index of a pandas table, which is not named in every version of LeRobot.
        let names = ["task", "__index_level_0__", "instruction", "language_instruction", "tasks", "index"]
        let isText = { (name: String) in
            table.type(of: name).map { $0.contains("string") || $0.contains("null") } ?? false
        }
        let others = table.columns.map(\.name).filter { $0 != "task_index" }
        let name = names.first(where: isText) ?? others.first(where: isText) ?? "task"
        let texts = try table.column(name).textLists().map(\.first)
        let numbers = try table.optionalIntegers("task_index")
        var tasks: [(Int, String)] = []
        for (row, text) in texts.enumerated() { if let text { tasks.append((numbers[row] ?? row, text)) } }
        if Set(tasks.map(\.0)).count < tasks.count {
            log.add(file.path, "task_index", "a number occurs more than once; the last text is taken")
        }
        return tasks.sorted { $0.0 < $1.0 }
    }
}
