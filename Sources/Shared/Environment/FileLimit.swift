import Glibc

package enum FileLimit {
    /// Raises the process's limit of open files, which include sockets, to the hard limit. The usual soft limit of
    /// 1,024 is lower than the number of connections during a sale.
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
