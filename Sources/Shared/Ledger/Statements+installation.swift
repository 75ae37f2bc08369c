import PostgresClient

/// Statements on what the installation has in common, and on the rights of its role.
extension Statements {
    static let installationFind = PostgresStatement<String, String>(
        "installation_find", sql: PackageResources.installation_find_sql, parameters: ["name": { $0 }]
    ) { columns in
        let value = try columns["value", as: String.self]
        return { row in try row[value] }
    }

    static let installationNote = PostgresStatement<(name: String, value: String), Never>(
        "installation_note", sql: PackageResources.installation_note_sql,
        parameters: ["name": { $0.name }, "value": { $0.value }])

    static let installationSet = PostgresStatement<(name: String, value: String), Never>(
        "installation_set", sql: PackageResources.installation_set_sql,
        parameters: ["name": { $0.name }, "value": { $0.value }])

    static let installationSecret = PostgresStatement<String, Never>(
        "installation_secret", sql: PackageResources.installation_secret_sql, parameters: ["secret": { $0 }])

    static let grants = PostgresStatement<(role: String, relations: [String]), String>(
        "grants", sql: PackageResources.grants_sql, isPrepared: false,
        parameters: ["role": { $0.role }, "relations": { $0.relations }]
    ) { columns in
        let command = try columns["command", as: String.self]
        return { row in try row[command] }
    }
}
