import API

await API.Program.main()
