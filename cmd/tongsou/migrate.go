package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tongsou/corpus/store"
	"tongsou/server/journal"
)

func migrateCommand() *cobra.Command {
	var to, engine string
	var asJSON, only bool
	cmd := &cobra.Command{
		Use: "migrate", Short: "把存储迁到 PostgreSQL、把索引迁到 OpenSearch，或迁回来；serve 不必停",
		Long: `把存储在数据目录（sqlite）与 PostgreSQL（postgres）之间搬迁：文档连同编号、来源、收入记录、按意思查找的向量，
以及钥匙、人工决定、订阅与搜索记录。其间 serve 照常回答，也可以照常收入。最后一小段时间里写入要等一等，两边的篇数与校验和相符才切换：
旧的存储从此只读，再写会说明已迁走。随后改配置 store，逐个重启 serve。文档的编号不变，已有的索引接着用。

--engine 把索引也迁到另一个引擎（单独用就只迁索引）：先在那边从存储建好，再把大家常搜的（没有记录时用标题）向两边各问
一遍，逐篇核对，回答相同才算数；不同就什么也不切换。

中断了再运行一次，从停下的地方接着做；没有切换以前，旧的一直在用。迁移期间请不要在工作台上改动。
--copy 只复制，不切换：原来的照旧使用，可以当作备份，或用来试验。`,
		Example: `  tongsou migrate --data D --to postgres      地址写在 postgres.dsn 里
  tongsou migrate --data D --to sqlite
  tongsou migrate --data D --to postgres --engine opensearch      集群的地址写在 opensearch.addresses 里
  tongsou migrate --data 新目录 --engine embedded
  tongsou migrate --data 新目录 --to sqlite --copy`,
		Args: noArgs,
	}
	addFlags(cmd, "data")
	cmd.Flags().StringVar(&to, "to", "", "迁到哪里：postgres 或 sqlite")
	cmd.Flags().StringVar(&engine, "engine", "", "索引迁到哪里：opensearch 或 embedded；不写就不动")
	cmd.Flags().BoolVar(&only, "copy", false, "只复制，原来的照旧使用")
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		m := &migration{only: only, notes: cmd.ErrOrStderr()}
		if err := errors.Join(m.between(c, to), m.moveEngine(engine)); err != nil {
			return err
		}
		done, err := m.run(cmd.Context())
		if err != nil {
			return fmt.Errorf("没有切换，原来的存储照旧使用；排除故障后再运行一次即可接着做：%w", err)
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), done)
		}
		m.print(cmd.OutOrStdout(), done)
		return nil
	}
	return cmd
}

// migration is one run of the command.
type migration struct {
	from, to Config
	only     bool
	notes    io.Writer
	last     time.Time
	// engine moves the index too; nil leaves it where it is.
	engine *engineMove
}

// migrated is what a migration did, with what was compared of the engines.
type migrated struct {
	store.Migrated
	Engine *engineMove `json:"engine,omitempty"`
}

// between makes the two configurations of the one that was read.
func (m *migration) between(c *Config, to string) error {
	if c.Postgres.DSN == "" && to != "" {
		return errors.New("请把 PostgreSQL 的地址写在 postgres.dsn（配置文件或环境变量 TONGSOU_POSTGRES_DSN）里")
	}
	m.from, m.to = *c, *c
	switch to {
	case inPostgres:
		m.from.Store, m.to.Store = inSQLite, inPostgres
		if !exists(c.storePath()) {
			return fmt.Errorf("数据目录 %s 里没有可迁的数据", c.Data)
		}
	case inSQLite:
		m.from.Store, m.to.Store = inPostgres, inSQLite
		if err := os.MkdirAll(c.Data, 0o750); err != nil {
			return fmt.Errorf("建不了数据目录：%w", err)
		}
	case "": // only the index is moved
	default:
		return fmt.Errorf("--to %q 无效，应为 postgres 或 sqlite", to)
	}
	return c.checkWhole()
}

// moveEngine makes the two configurations differ in the engine, when one is named.
func (m *migration) moveEngine(engine string) error {
	switch {
	case engine == "" && m.from.Store == m.to.Store:
		return errors.New("请用 --to 写明存储迁到哪里（postgres 或 sqlite），或用 --engine 写明索引迁到哪里（opensearch 或 embedded）")
	case engine == "":
		return nil
	case engine != engineOpenSearch && engine != engineEmbedded:
		return fmt.Errorf("--engine %q 无效，应为 opensearch 或 embedded", engine)
	case len(m.to.OpenSearch.Addresses) == 0:
		return errors.New("请把 OpenSearch 各节点的地址写在 opensearch.addresses（配置文件或环境变量 TONGSOU_OPENSEARCH_ADDRESSES）里")
	}
	m.from.Engine, m.to.Engine = engineEmbedded, engine
	if engine == engineEmbedded {
		m.from.Engine = engineOpenSearch
	}
	m.engine = &engineMove{from: &m.from, to: &m.to, Name: engine, say: func(format string, args ...any) { fmt.Fprintf(m.notes, format+"\n", args...) }}
	return nil
}

// openEither opens a store whether it is in use or not.
func openEither(ctx context.Context, c *Config) (*store.Store, error) {
	if c.isShared() {
		return store.OpenPostgres(ctx, c.Postgres.DSN)
	}
	path, err := filepath.Abs(c.storePath()) // the other store remembers it
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, path)
}

func (m *migration) run(ctx context.Context) (done migrated, err error) {
	from, err := openEither(ctx, &m.from)
	if err != nil {
		return done, err
	}
	defer func() { _ = from.Close() }()
	if m.engine != nil {
		defer func() { err = errors.Join(err, m.engine.close()) }()
		if err := m.engine.prepare(ctx, from); err != nil {
			return done, err
		}
		done.Engine = m.engine
	}
	if m.from.Store == m.to.Store {
		return done, m.engine.verify(ctx, from)
	}
	to, err := openEither(ctx, &m.to)
	if err != nil {
		return done, err
	}
	defer func() { _ = to.Close() }()
	// The new index was built while everybody wrote; what has come since is little, and writers wait for that alone.
	check := func(ctx context.Context) error {
		if err := m.others(ctx); err != nil || m.engine == nil {
			return err
		}
		return m.engine.verify(ctx, to)
	}
	done.Migrated, err = (&store.Migration{From: from, To: to, Copy: m.only, Progress: m.progress, Check: check}).Run(ctx)
	return done, err
}

// others copies what lies beside the store: what people decided, follow and said.
func (m *migration) others(ctx context.Context) error {
	return errors.Join(
		carry(ctx, (*Config).openCuration, &m.from, &m.to),
		carry(ctx, (*Config).openFollowers, &m.from, &m.to),
		carry(ctx, func(c *Config, ctx context.Context) (*journal.Journal, error) {
			return c.openJournal(ctx, journal.Options{Retention: days(c.JournalDays)})
		}, &m.from, &m.to))
}

// carry copies one part from where one configuration has it to where the other does.
func carry[T interface {
	CopyTo(ctx context.Context, other T) (int, error)
	Close() error
}](ctx context.Context, open func(c *Config, ctx context.Context) (T, error), from, to *Config) error {
	source, err := open(from, ctx)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := open(to, ctx)
	if err != nil {
		return err
	}
	_, err = source.CopyTo(ctx, target)
	return errors.Join(err, target.Close())
}

func (m *migration) progress(done, last uint64) {
	if time.Since(m.last) > 5*time.Second {
		m.last = time.Now()
		fmt.Fprintf(m.notes, "复制到第 %d/%d 号变更\n", done, last)
	}
}

func (m *migration) print(w io.Writer, done migrated) {
	if done.Engine != nil {
		fmt.Fprintln(w, done.Engine)
		if m.from.Store == m.to.Store {
			fmt.Fprintf(w, "新的索引已建好：请把配置改成 engine: %s，再逐个重启 serve。原来的索引没有动。\n", m.to.Engine)
			return
		}
	}
	documents := 0
	for _, n := range done.Documents {
		documents += n
	}
	fmt.Fprintf(w, "两边相符：%d 篇文档，到第 %d 号变更，%d 条来源，%d 次收入记录，%d 个向量，校验和 %s\n", documents, done.Sequence, done.Sources, done.Runs, done.Vectors, done.SHA256[:16])
	if m.only {
		fmt.Fprintln(w, "已复制，原来的照旧使用。")
		return
	}
	settings := "store: " + m.to.Store
	if done.Engine != nil {
		settings += "、engine: " + m.to.Engine
	}
	fmt.Fprintf(w, "已切换：请把配置改成 %s，再逐个重启 serve。原来的存储只读，确认以后可以删除。\n", settings)
}
