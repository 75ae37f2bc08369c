import Glibc

package enum FileLimit {
    /// Raises the number of files that this process may have open, sockets among them, as far as it is allowed to: shells
    /// commonly start programs with 1,024, which is fewer than the connections that a sale brings.
    package static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
        else {
            return
        }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
