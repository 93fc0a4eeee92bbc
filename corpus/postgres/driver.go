package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5/stdlib"
)

// connector makes connections that take the house's SQL.
type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	under, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	own, ok := under.(*stdlib.Conn)
	if !ok {
		return nil, fmt.Errorf("the driver makes a %T", under)
	}
	return conn{own}, nil
}

// conn is pgx's connection but for how values are named and written.
type conn struct{ *stdlib.Conn }

func (c conn) Prepare(query string) (driver.Stmt, error) { return c.Conn.Prepare(rebind(query)) }

func (c conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.PrepareContext(ctx, rebind(query))
}

func (c conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.ExecContext(ctx, rebind(query), args)
}

func (c conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.QueryContext(ctx, rebind(query), args)
}

// CheckNamedValue makes a text one that the server takes.
func (c conn) CheckNamedValue(v *driver.NamedValue) error {
	if r := reflect.ValueOf(v.Value); r.Kind() == reflect.String {
		v.Value = Text(r.String())
		return nil
	}
	return c.Conn.CheckNamedValue(v)
}
