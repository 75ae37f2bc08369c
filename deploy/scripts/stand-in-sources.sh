#!/bin/sh
# Puts empty sources in the place of every target of Package.swift, so that the packages it depends on can be compiled
# before our own sources are there: an image's layer that changes of ours do not touch.
set -eu
for program in API Worker Attack TicketBlitz; do
  mkdir -p "Sources/Programs/$program"
  echo '@main struct StandIn { static func main() {} }' >"Sources/Programs/$program/StandIn.swift"
done
mkdir -p Sources/Shared/RedisSchema/Scripts Sources/Shared/RedisSchema/Prelude Sources/Shared/Ledger/Migrations \
  Sources/Shared/Ledger/Statements Sources/API/Description Sources/API/Lab Sources/API/Page Sources/API/Console \
  Sources/Attack/Lab Tests/BrowserTests/Scripts
for target in Sources/Shared/Timing Sources/Shared/Hashing Sources/Shared/Domain Sources/Shared/Environment \
  Sources/Shared/RedisClient \
  Sources/Shared/PostgresClient Sources/Shared/RedisSchema Sources/Shared/Ledger Sources/Shared/Engine \
  Sources/Shared/Runtime Sources/Shared/Webhooks Sources/API Sources/Worker Sources/Attack Sources/TicketBlitzClient \
  Tests/TestSupport Tests/WorkerTestSupport \
  Tests/DomainTests Tests/RedisClientTests Tests/PostgresClientTests Tests/RedisSchemaTests Tests/LedgerTests \
  Tests/EngineTests Tests/RuntimeTests Tests/APITests Tests/WorkerTests Tests/AttackTests Tests/FaultTests \
  Tests/SimulationTests Tests/HashingTests Tests/FuzzTests Tests/BrowserTests \
  Tests/TicketBlitzClientTests Tests/ExampleTests Tests/WebhooksTests; do
  mkdir -p "$target"
  echo 'enum StandIn {}' >"$target/StandIn.swift"
done
# The scripts that Package.swift names one by one.
for script in $(sed -n '/^let luaScripts/,/^]/p' Package.swift | grep -o '"[a-z_]*"' | tr -d '"'); do
  echo >"Sources/Shared/RedisSchema/Scripts/$script.lua"
done
echo >Sources/Shared/RedisSchema/Prelude/stand_in.lua
echo >Sources/Shared/Ledger/Statements/stand_in_statement.sql
echo >Sources/Shared/Ledger/Migrations/stand_in_migration.sql
for file in Description/openapi.yaml Lab/lab.sql Lab/check_and_decrement.lua; do
  echo >"Sources/API/$file"
done
for file in $(sed -n '/^let pageFiles/,/Console/p' Package.swift | grep -o '"[a-z.-]*"' | tr -d '"'); do
  case $file in
    [.-]*) echo >"Sources/API/Console/console$file" ;;
    *) echo >"Sources/API/Page/$file" ;;
  esac
done
echo >Sources/Attack/Lab/lab.html
