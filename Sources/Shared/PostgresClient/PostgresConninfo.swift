import CLibpq
import Glibc

/// Parses connection strings as libpq does: a URI or keywords.
package enum PostgresConninfo {
    /// Every keyword that libpq knows, with its value or libpq's compiled default. So libpq takes nothing from the
    /// environment but a host, a password or a service file; in particular PGOPTIONS cannot change a session's settings.
    static func keywords(of conninfo: String) throws(PostgresError) -> PostgresKeywords {
        var failure: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(conninfo, &failure) else {
            let text = failure.map { String(cString: $0) } ?? "unreadable"
            PQfreemem(failure)
            throw PostgresError(.notConnected, "the connection string cannot be read: \(text)")
        }
        defer { PQconninfoFree(options) }
        var keywords = PostgresKeywords()
        var option = options
        while let name = option.pointee.keyword {
            let keyword = String(cString: name)
            if let value = option.pointee.val ?? option.pointee.compiled, value.pointee != 0 {
                keywords[keyword] = String(cString: value)
            } else if keyword == "options", getenv("PGOPTIONS") != nil {
                // Hides the variable. Not sent otherwise: PgBouncer refuses a connection that names options at its start.
                keywords[keyword] = " "
            } else if keyword == "application_name" {
                keywords[keyword] = "ticketblitz"
            }
            option += 1
        }
        keywords["client_encoding"] = "UTF8"
        return keywords
    }

    /// Why libpq cannot read a URL or keywords; nil if it can. The text repeats nothing of them.
    package static func flaw(of conninfo: String) -> String? {
        do throws(PostgresError) {
            _ = try keywords(of: conninfo)
            return nil
        } catch {
            return "it is neither a URL, postgres://user:password@host:port/database, nor a list of keyword=value pairs"
        }
    }
}
