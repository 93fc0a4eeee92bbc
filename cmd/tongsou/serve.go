package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"tongsou/corpus/ingest"
	"tongsou/corpus/postgres"
	"tongsou/corpus/reader"
	"tongsou/corpus/sample"
	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/server"
	"tongsou/server/curation"
	"tongsou/server/follow"
	"tongsou/server/journal"
)

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "启动网页与 API；数据目录为空时先载入内置示例",
		Example: `  tongsou serve
  tongsou serve --data D --addr 127.0.0.1:8090 --place 1501`,
		Long: `启动网页与 API，直到按 Ctrl+C。数据目录是空的就先载入内置示例，几秒内即可使用。

网页在 /，工作台在 /staff，API 在 /api/v1/search，说明在 /openapi.json，健康检查在 /healthz 与 /readyz。`,
		Args: noArgs,
	}
	addFlags(cmd, "data", "addr", "place", "shards", "cache_mb", "timeout", "max_concurrent", "journal", "journal_days", "learn_from_use", "log",
		"admin_addr", "rate", "key_rate", "tls_cert", "tls_key", "log_format", "trace_url", "semantic_lane", "semantic_threads")
	var noSample, asJSON bool
	cmd.Flags().BoolVar(&asJSON, "json", false, "启动后以 JSON 输出网址")
	cmd.Flags().BoolVar(&noSample, "no-sample", false, "数据目录为空时不载入示例数据")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		p, err := open(cmd.Context(), c, !noSample, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		if asJSON {
			if err := printJSON(cmd.OutOrStdout(), map[string]string{"url": p.URL()}); err != nil {
				return errors.Join(err, p.Close())
			}
			return errors.Join(p.Run(cmd.Context()), p.Close())
		}
		fmt.Fprintf(cmd.OutOrStdout(), "通搜已启动，请用浏览器打开 %s （按 Ctrl+C 停止）\n", p.URL())
		return errors.Join(p.Run(cmd.Context()), p.Close())
	}
	return cmd
}

// program is the running serve: the store, the index that follows it, and the server over both.
type program struct {
	*server.Server
	store  *store.Store
	engine engine
	follow *follow.Book
	// journal is nil when it is switched off.
	journal *journal.Journal
	// curation is what the staff decided.
	curation *curation.Store
	// meaning is the semantic lane, nil when it is off.
	meaning *index.Meaning
	// election chooses the process that does what is done once for all; nil when this is the only one.
	election *postgres.Election
	log      *slog.Logger
	// traces sends what was traced; nil when nothing is.
	traces func() error
	// upkeep is what is known of damage beside what the engine says; life ends when the program does.
	upkeep upkeep
	life   context.Context
	stop   context.CancelFunc
	behind sync.WaitGroup
}

// open makes a program that listens and can answer: store and index are open, the sample is loaded when the store is new
// and withSample is set, and the index has caught up. log is where its log goes.
func open(ctx context.Context, c *Config, withSample bool, log io.Writer) (p *program, err error) {
	logger, err := c.logger(log)
	if err != nil {
		return nil, err
	}
	p = &program{log: logger}
	ctx, p.stop = context.WithCancel(ctx)
	p.life = ctx
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	// The segmenter takes a second to load and the store to open: side by side.
	engine := make(chan error, 1)
	go func() {
		var err error
		p.engine, err = openEngine(c)
		engine <- err
	}()
	err = waitForDatabase(ctx, func() (err error) {
		p.store, err = openStore(ctx, c, true)
		return err
	})
	if err = errors.Join(err, orElse(<-engine, "请先停止它，或用 --data 换一个目录")); err != nil {
		return p, err
	}
	if withSample {
		if err := p.loadSample(ctx); err != nil {
			return p, err
		}
	}
	if err := p.catchUp(ctx, c); err != nil {
		return p, err
	}
	p.searchByMeaning(ctx, c)
	options := server.Options{
		Engine: p.engine, Library: p.store, Place: c.Place, Sites: c.Sites, Timeout: c.Timeout, MaxConcurrent: c.MaxConcurrent, Log: p.log,
		AdminKey: c.AdminKey, Archive: p.store, Upkeep: p,
	}
	if c.Journal {
		if p.journal, err = c.openJournal(ctx, journal.Options{Retention: days(c.JournalDays), Log: p.log, Shown: c.LearnFromUse}); err != nil {
			return p, err
		}
		options.Journal, options.Learn = p.journal, c.LearnFromUse
	}
	if p.follow, err = c.follow(ctx, &options); err != nil {
		return p, err
	}
	if err := p.curate(ctx, c, &options); err != nil {
		return p, err
	}
	if p.traces, err = c.outside(ctx, &options); err != nil {
		return p, err
	}
	if err := p.elect(c, &options); err != nil {
		return p, err
	}
	p.Server, err = server.New(options)
	if err != nil {
		return p, err
	}
	if c.AdminAddr != "" {
		if err := p.ListenAdmin(c.AdminAddr); err != nil {
			return p, err
		}
	}
	return p, p.Listen(c.Addr)
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// loadSample puts the embedded sample into a store that never held anything.
func (p *program) loadSample(ctx context.Context) error {
	last, err := p.store.Sequence(ctx)
	if err != nil || last > 0 {
		return err
	}
	report, err := ingest.Run(ctx, p.store, ".", ingest.Options{Reader: reader.Options{FS: sample.Files, Source: sample.Source}})
	if err != nil {
		return fmt.Errorf("载入示例数据：%w", err)
	}
	p.log.Info("数据目录是空的，已载入示例数据", "documents", report.Documents)
	return nil
}

// smallBacklog is the number of changes that are indexed before the first answer. More are indexed while answers are
// given, so that a start never takes long.
const smallBacklog = 5000

// catchUp brings the index up to the store and lets it follow from then on. An index that is stale or damaged is rebuilt
// beside the one in use while what is sound of that one answers.
func (p *program) catchUp(ctx context.Context, c *Config) error {
	last, err := p.store.Sequence(ctx)
	if err != nil {
		return err
	}
	fault, err := ahead(ctx, p.store, p.engine)
	if err != nil {
		return err
	}
	if fault != "" {
		p.upkeep.fault(fault + "。若存储是恢复来的或换过，可不理会；否则请核对是否丢了最后收入的文档，再收入一次")
	}
	if !c.sharesIndex() && !p.engine.Stale() && len(p.engine.Health().Faults) == 0 && last-p.engine.Sequence() <= smallBacklog {
		if _, err := index.CatchUp(ctx, p.store, p.engine, nil); err != nil && ctx.Err() == nil {
			p.log.Error("索引赶不上存储，先用现有的索引回答", "error", err) // Follow tries again
		}
	}
	p.behind.Go(func() {
		p.mend(ctx)
		if !c.isShared() { // a database server looks after its own pages
			p.behind.Go(func() { p.verifyStore(ctx) })
		}
		if !c.sharesIndex() {
			index.Follow(ctx, p.store, p.engine, p.log)
		}
	})
	p.behind.Go(func() { p.answerAsks(ctx, c) })
	return nil
}

// Close stops everything, in the order in which one part uses another. It may be called at any time.
func (p *program) Close() error {
	var err error
	if p.Server != nil {
		err = p.Server.Close()
	}
	p.stop()
	p.behind.Wait()
	meant := p.closeMeaning()
	err = errors.Join(err, meant)
	if p.traces != nil {
		err = errors.Join(err, p.traces())
	}
	if p.journal != nil {
		err = errors.Join(err, p.journal.Close())
	}
	if p.follow != nil {
		err = errors.Join(err, p.follow.Close())
	}
	if p.curation != nil {
		err = errors.Join(err, p.curation.Close())
	}
	if p.engine != nil {
		err = errors.Join(err, p.engine.Close())
	}
	if p.store != nil {
		err = errors.Join(err, p.store.Close())
	}
	return err
}
