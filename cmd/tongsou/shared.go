package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tongsou/corpus/postgres"
	"tongsou/corpus/pull"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/server"
	"tongsou/server/curation"
	"tongsou/server/follow"
	"tongsou/server/journal"
)

// The kinds of stores.
const (
	inSQLite   = "sqlite"
	inPostgres = "postgres"
)

// Shared is the part of the configuration that says where what several processes share is kept.
type Shared struct {
	// Store is sqlite, files in the data folder, or postgres, which several serve processes share.
	Store string `mapstructure:"store"`
	// Postgres is the database.
	Postgres Postgres `mapstructure:"postgres"`
}

// Postgres says where a PostgreSQL database is.
type Postgres struct {
	// DSN is its address with the password. There is no flag for it: flags are seen by everybody on a machine.
	DSN string `mapstructure:"dsn"`
}

// sharedSettings are the settings of Shared.
func sharedSettings() []setting {
	return []setting{
		{"store", "存储放在哪里：sqlite（数据目录里）或 postgres（多台共用）", inSQLite, func(c *Config) string {
			if c.Store != inSQLite && c.Store != inPostgres {
				return "sqlite 或 postgres"
			}
			return ""
		}},
		{"postgres.dsn", "PostgreSQL 的地址，含口令", "", func(c *Config) string {
			if c.Postgres.DSN == "" && c.Store == inPostgres {
				return "数据库的地址，例如 postgres://tongsou:口令@db.internal:5432/tongsou（写在配置文件或环境变量 TONGSOU_POSTGRES_DSN 里）"
			}
			return ""
		}},
	}
}

// isShared reports whether the store is one that several processes on several machines have open.
func (c *Config) isShared() bool { return c.Store == inPostgres }

// sharesIndex reports whether they have one index, too. Only the process that was elected writes it.
func (c *Config) sharesIndex() bool { return c.isShared() && c.Engine == engineOpenSearch }

// openShared opens the store in PostgreSQL. The data folder still holds this process's own index.
func openShared(ctx context.Context, c *Config) (*store.Store, error) {
	if err := os.MkdirAll(c.Data, 0o750); err != nil {
		return nil, fmt.Errorf("建不了数据目录：%w", err)
	}
	if err := c.checkWhole(); err != nil {
		return nil, err
	}
	return inUse(ctx)(store.OpenPostgres(ctx, c.Postgres.DSN))
}

// inUse closes a store that was just opened when it is not the one to use, since it was moved or is being filled.
func inUse(ctx context.Context) func(s *store.Store, err error) (*store.Store, error) {
	return func(s *store.Store, err error) (*store.Store, error) {
		if err != nil {
			return nil, err
		}
		switch err := s.Settled(ctx); {
		case errors.Is(err, store.ErrMoved):
			return nil, errors.Join(fmt.Errorf("这里的数据已经迁走，不再使用；请照下面说的改配置 store 与 postgres.dsn：%w", err), s.Close())
		case err != nil:
			return nil, errors.Join(fmt.Errorf("这里的存储现在不能用：%w", err), s.Close())
		}
		return s, nil
	}
}

func (c *Config) openCuration(ctx context.Context) (*curation.Store, error) {
	if c.isShared() {
		return curation.OpenPostgres(ctx, c.Postgres.DSN, nil)
	}
	return curation.Open(ctx, c.curationPath(), nil)
}

func (c *Config) openFollowers(ctx context.Context) (*follow.Book, error) {
	if c.isShared() {
		return follow.OpenPostgres(ctx, c.Postgres.DSN, follow.Options{KeyFile: cmp.Or(c.FollowKeyFile, filepath.Join(c.Data, follow.KeyName))})
	}
	return follow.Open(ctx, c.followPath(), follow.Options{KeyFile: c.FollowKeyFile})
}

func (c *Config) openJournal(ctx context.Context, o journal.Options) (*journal.Journal, error) {
	if c.isShared() {
		return journal.OpenPostgres(ctx, c.Postgres.DSN, o)
	}
	return journal.Open(ctx, c.journalPath(), o)
}

// noBackup says how what is in PostgreSQL is backed up: with its own means, which know more than we.
func (c *Config) noBackup(restoring bool) error {
	switch {
	case !c.isShared():
		return nil
	case restoring:
		return errors.New("store 是 postgres：请停下所有 serve，用 pg_restore 恢复数据库，再启动；索引会自动核对、重建。只核对备份文件夹请加 --check")
	}
	return errors.New("store 是 postgres：请用 pg_dump -Fc 备份数据库（或用持续归档），索引不必备份。要一份数据目录形式的备份，先 tongsou migrate --to sqlite --copy 到一个新目录")
}

// office is what the one process is elected to that does what is done once for all.
const office = "indexer"

// elect lets the processes that share a store choose the one that does its duties; a process alone does them.
func (p *program) elect(c *Config, options *server.Options) error {
	sources, err := c.sources()
	if err != nil {
		return err
	}
	if !c.isShared() {
		p.behind.Go(func() { p.duties(p.life, c, sources) })
		return nil
	}
	p.election = p.store.Postgres().Election(office, p.log)
	options.Leads = p.election.Holds
	p.behind.Go(func() {
		p.election.Run(p.life, func(ctx context.Context) { p.duties(ctx, c, sources) })
	})
	return nil
}

// duties is what one process does for all until ctx ends: it fetches the sources. The mails are the server's part, which
// asks whether this process leads. An engine that all share would be written here; the embedded one is each process's own.
func (p *program) duties(ctx context.Context, c *Config, sources []pull.Source) {
	var work sync.WaitGroup
	defer work.Wait()
	if c.sharesIndex() {
		work.Go(func() { index.Follow(ctx, p.store, p.engine, p.log) })
	}
	if len(sources) > 0 {
		pull.New(p.store, filepath.Join(c.Data, "sources"), p.log).Follow(ctx, sources)
	}
	<-ctx.Done()
}

// waitForDatabase tries for a while to do what needs the database: a container may start before it.
func waitForDatabase(ctx context.Context, do func() error) error {
	deadline := time.Now().Add(databasePatience)
	for {
		err := do()
		if err == nil || !postgres.Down(err) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}

// databasePatience is how long a start waits for a database that is not there yet.
const databasePatience = 15 * time.Second

// secret reports whether no message may show the value of a setting.
func secret(key string) bool {
	return key == "admin_key" || strings.HasSuffix(key, "_password") || slices.Contains([]string{"postgres.dsn", "semantic_key", "opensearch.password", "opensearch.api_key"}, key)
}
