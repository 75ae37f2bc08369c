import Worker

await Worker.Program.main()
