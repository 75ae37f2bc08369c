import Foundation
import Glibc

extension Process {
    /// Whether the process has not ended, according to the kernel.
    ///
    /// `isRunning` changes when a socket that the process inherited is closed. If another process was started at the
    /// same time, it inherited the socket too, and `isRunning` stays true until both have ended.
    var isAlive: Bool {
        guard isRunning else { return false }
        guard let stat = try? String(contentsOfFile: "/proc/\(processIdentifier)/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        else { return false }
        // The state follows the name in parentheses.
        return !["Z", "X"].contains(stat[name...].dropFirst(2).prefix(1))
    }

    /// The exit code or the signal number of a process that has ended; can be nil shortly after its end.
    var status: Int32? {
        guard isRunning else { return terminationStatus }
        var info = siginfo_t()
        let isThere = waitid(P_PID, id_t(processIdentifier), &info, WEXITED | WNOWAIT | WNOHANG) == 0
        return isThere && info._sifields._sigchld.si_pid == processIdentifier ? info._sifields._sigchld.si_status : nil
    }
}
