import Foundation
import Glibc

extension Process {
    /// Whether it has not ended, by the kernel's account.
    ///
    /// `isRunning` says so only once a socket is closed that the process had; where another process was started at the same
    /// moment, that one has it too, and `isRunning` stays true until both have ended.
    var isAlive: Bool {
        guard isRunning else { return false }
        guard let stat = try? String(contentsOfFile: "/proc/\(processIdentifier)/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        else { return false }
        // After the name in parentheses comes the state.
        return !["Z", "X"].contains(stat[name...].dropFirst(2).prefix(1))
    }

    /// The exit code, or the signal's number, of a process that has ended; nil for a moment after its end.
    var status: Int32? {
        guard isRunning else { return terminationStatus }
        var info = siginfo_t()
        let isThere = waitid(P_PID, id_t(processIdentifier), &info, WEXITED | WNOWAIT | WNOHANG) == 0
        return isThere && info._sifields._sigchld.si_pid == processIdentifier ? info._sifields._sigchld.si_status : nil
    }
}
