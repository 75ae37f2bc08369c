import Foundation
import Glibc

/// Stats of this process from /proc (proc(5)).
package enum ProcessStats {
    package static func readings() -> [MetricReading] {
        var readings: [MetricReading] = []
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        if let fields = statFields() {
            // proc(5) numbers the fields from 1; the first two, id and name, are already removed.
            if let user = Double(fields[14 - 3]), let system = Double(fields[15 - 3]) {
                readings.append(MetricReading("process_cpu_seconds_total", (user + system) / ticks))
            }
            if let pages = Double(fields[24 - 3]) {
                readings.append(
                    MetricReading("process_resident_memory_bytes", pages * Double(sysconf(Int32(_SC_PAGESIZE)))))
            }
            if let start = Double(fields[22 - 3]), let boot = bootTime() {
                readings.append(MetricReading("process_start_time_seconds", boot + start / ticks))
            }
        }
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            readings.append(MetricReading("process_open_fds", Double(open.count)))
        }
        return readings
    }

    private static func statFields() -> [Substring]? {
        guard let stat = text("/proc/self/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[end...].dropFirst(2).split(separator: " ")
        return fields.count > 24 ? fields : nil
    }

    private static func bootTime() -> Double? {
        text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst("btime ".count)) }
    }

    /// Files in /proc have a size of 0, so they are read to their end.
    private static func text(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
