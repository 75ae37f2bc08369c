"""A small shop that sells tickets of TicketBlitz. README.md explains it; `python -m shop` runs it."""
