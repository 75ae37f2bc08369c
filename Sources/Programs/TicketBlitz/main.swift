import API
import Attack
import Environment
import Foundation
import Worker

// All three programs in one executable, for the container image: a static program carries Swift's libraries, and three
// would carry them three times. Which one it is, is the name that it was started by, a link to this file.
let name = CommandLine.arguments.first.map { String($0.split(separator: "/").last ?? "") }
switch name {
case "API": await API.Program.main()
case "Worker": await Worker.Program.main()
case "Attack": await Attack.Program.main()
default: Exit.now(64, "TicketBlitz: start it by a link named API, Worker or Attack")
}
