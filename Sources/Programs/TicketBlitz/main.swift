import API
import Attack
import Environment
import Foundation
import Worker

// The three programs in one executable, for the container image: it is linked statically, so that three executables
// would contain the Swift libraries three times. The name of the link that starts it selects the program.
let name = CommandLine.arguments.first.map { String($0.split(separator: "/").last ?? "") }
switch name {
case "API": await API.Program.main()
case "Worker": await Worker.Program.main()
case "Attack": await Attack.Program.main()
default: Exit.now(64, "TicketBlitz: start this program through a link named API, Worker or Attack")
}
