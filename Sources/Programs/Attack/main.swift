import Attack

await Attack.Program.main()
