import CLibpq

/// Reads what libpq takes as a connection string: a URI or keywords.
package enum PostgresConninfo {
    /// Every keyword that libpq knows, set or defaulted, so that only a password or a service file can come in from
    /// elsewhere; PGOPTIONS in particular cannot weaken what a session promises.
    package static func keywords(of conninfo: String) throws(PostgresError) -> [(String, String)] {
        var failure: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(conninfo, &failure) else {
            let text = failure.map { String(cString: $0) } ?? "unreadable"
            PQfreemem(failure)
            throw PostgresError(.notConnected, "DATABASE_URL: \(text)")
        }
        defer { PQconninfoFree(options) }
        var keywords: [(String, String)] = []
        var option = options
        while let name = option.pointee.keyword {
            let keyword = String(cString: name)
            if let value = option.pointee.val ?? option.pointee.compiled, value.pointee != 0 {
                keywords.append((keyword, String(cString: value)))
            } else if keyword == "options" {
                keywords.append((keyword, " "))
            } else if keyword == "application_name" {
                keywords.append((keyword, "ticketblitz"))
            }
            option += 1
        }
        keywords.removeAll { $0.0 == "client_encoding" }
        keywords.append(("client_encoding", "UTF8"))
        return keywords
    }

    /// Why libpq cannot read a URL or keywords; nil where it can. Says nothing of what stands in them.
    package static func flaw(of conninfo: String) -> String? {
        do throws(PostgresError) {
            _ = try keywords(of: conninfo)
            return nil
        } catch {
            return "libpq takes neither postgres://user:password@host:port/database nor keyword=value pairs from it"
        }
    }
}
