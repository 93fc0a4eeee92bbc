// Package postgres is the way to a PostgreSQL server for those parts that several processes share: connections that speak
// the SQL which the house also gives to SQLite, migrations, locks, an election and news between processes. It knows
// nothing of what is stored.
//
// Every part keeps its tables in a schema of its own, so that two parts may call a table alike. Queries are written once,
// for both databases: with ? for a value, ON CONFLICT for a replacement, CASE WHEN for a sum over conditions. What still
// differs stands at the part that needs it.
//
// Locks, the election and news belong to a session: a pooler between the program and the server must pool whole sessions,
// or the program is told the server's own address.
package postgres
