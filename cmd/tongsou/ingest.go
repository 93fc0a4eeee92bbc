package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tongsou/corpus/ingest"
	"tongsou/corpus/reader"
	"tongsou/corpus/store"
	"tongsou/index"
)

func ingestCommand() *cobra.Command {
	var opts reader.Options
	var rejects string
	var asJSON, remove, sync bool
	var maxGone int
	cmd := &cobra.Command{
		Use: "ingest 文件或目录", Short: "收入文件：读取、检查、存储并建立索引",
		Long: `收入一个文件或整个目录。格式按内容识别：法规 Markdown、政策与新闻的 JSON/JSONL、事项的
JSONL/CSV/XLSX、网页 HTML、DOCX、PDF、报纸文本，以及它们的 .gz。

重复运行不会重复收入；中断后再运行一次即可接着收。serve 运行时也可以收入，两秒内就能搜到。`,
		Example: `  tongsou ingest --data D ./资料
  tongsou ingest --data D --source 区政务局 事项.xlsx
  tongsou ingest --data D --mapping 列名.yaml 事项.csv
  tongsou ingest --data D --source 区政务局 --sync 事项.xlsx   这是全部事项，表里没有的就删去
  tongsou ingest --data D --source 区政务局 --remove    删除这个来源的全部文档`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("一次收入一个文件或目录；给了 %d 个：%s", len(args), strings.Join(args, "、"))
			}
			return nil
		},
	}
	addFlags(cmd, "data", "shards", "cache_mb")
	cmd.Flags().StringVar(&opts.Source, "source", "", "来源名称，删除与溯源时用（默认为路径）")
	cmd.Flags().StringVar(&opts.Format, "format", "", "指定格式，不按内容识别：law、policy、news、items、csv、xlsx、html、docx、pdf、newspaper、plain 等")
	cmd.Flags().StringVar(&opts.Mapping, "mapping", "", "列名对照文件：表格的列名不是通用名称时，写明哪一列是哪个字段")
	cmd.Flags().IntVar(&opts.Year, "year", 0, "正文日期不写年份时（如报纸）所属的年份")
	cmd.Flags().StringVar(&rejects, "rejects", "", "未收入与存疑记录写到这个文件（默认为数据目录下的 rejects.jsonl）")
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	cmd.Flags().BoolVar(&remove, "remove", false, "删除 --source 指定的来源")
	cmd.Flags().BoolVar(&sync, "sync", false, "这就是该来源的全部：这个来源里没有出现的文档一并删去")
	cmd.Flags().IntVar(&maxGone, "max-gone", 20, "--sync 最多删去该来源的百分之几；超过就一篇也不删")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		if err := checkSync(cmd, sync, remove, opts.Source, maxGone); err != nil {
			return err
		}
		if remove != (len(args) == 0) || remove && opts.Source == "" {
			return fmt.Errorf("请给出要收入的文件或目录；或用 --remove 与 --source 指定要删除的来源")
		}
		if !remove {
			if _, err := os.Stat(args[0]); err != nil {
				return fmt.Errorf("读不了 %s：%w", args[0], err)
			}
		}
		s, err := openStore(cmd.Context(), c, !remove)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		job := &ingestJob{config: c, store: s, out: cmd.OutOrStdout(), notes: cmd.ErrOrStderr(), progress: newProgress(cmd.ErrOrStderr())}
		if remove {
			return job.remove(cmd.Context(), opts.Source, asJSON)
		}
		if rejects == "" {
			rejects = filepath.Join(c.Data, "rejects.jsonl")
		}
		if sync {
			job.sync = &ingest.Sync{Most: float64(maxGone) / 100}
		}
		return job.run(cmd.Context(), args[0], opts, rejects, asJSON)
	}
	return cmd
}

// checkSync says what is wrong with --sync and what goes with it.
func checkSync(cmd *cobra.Command, sync, remove bool, source string, maxGone int) error {
	switch {
	case sync && (remove || source == ""):
		return fmt.Errorf("--sync 要用 --source 写明是哪个来源，并给出它的全部文件；要删去整个来源请用 --remove")
	case !sync && cmd.Flags().Changed("max-gone"):
		return fmt.Errorf("--max-gone 要与 --sync 一起用")
	case maxGone < 1 || maxGone > 100:
		return fmt.Errorf("--max-gone 应为 1 到 100 的百分数，现在是 %d", maxGone)
	}
	return nil
}

// ingestJob reads into the store while the index follows.
type ingestJob struct {
	config   *Config
	store    *store.Store
	out      io.Writer
	notes    io.Writer // what is not the result
	progress *progress
	sync     *ingest.Sync // set when the files are all that the source has
}

func (j *ingestJob) run(ctx context.Context, root string, opts reader.Options, rejects string, asJSON bool) (err error) {
	f, err := os.Create(rejects)
	if err != nil {
		return fmt.Errorf("写不了未收入记录的文件：%w", err)
	}
	w := bufio.NewWriter(f)
	defer func() { err = errors.Join(err, w.Flush(), f.Close()) }()
	indexed := j.startIndexing(ctx)
	opts.Progress = j.progress.read
	began := time.Now()
	report, err := ingest.Run(ctx, j.store, root, ingest.Options{Reader: opts, Rejects: w, Sync: j.sync})
	j.progress.done()
	read := time.Since(began)
	if e := indexed(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("收入中断（已存的不会丢，再运行一次即可接着收）：%w", err)
	}
	if asJSON {
		return printJSON(j.out, report)
	}
	fmt.Fprintf(j.out, "收入完成：新增 %d，更新 %d，未变 %d，与其他来源相同 %d；未收入 %d，存疑 %d（详见 %s）\n",
		report.Added, report.Updated, report.Unchanged, report.Linked, report.Rejected, report.Warnings, rejects)
	if j.sync != nil && report.Kept == "" {
		fmt.Fprintf(j.out, "删去 %d 篇这个来源已经没有的文档\n", report.Deleted)
	}
	if report.Kept != "" {
		fmt.Fprintf(j.out, "%s。确实要删，请加 --max-gone 100 再运行一次\n", report.Kept)
	}
	fmt.Fprintf(j.out, "读取存储 %.1f 秒，连同索引 %.1f 秒；%d 篇文档，%d 个段落\n",
		read.Seconds(), time.Since(began).Seconds(), report.Documents, report.Sections)
	return nil
}

func (j *ingestJob) remove(ctx context.Context, source string, asJSON bool) error {
	indexed := j.startIndexing(ctx)
	sum, err := j.store.DeleteSource(ctx, source)
	if e := indexed(); err == nil {
		err = e
	}
	if err == nil && asJSON {
		return printJSON(j.out, sum)
	}
	if err == nil && sum.Deleted == 0 {
		fmt.Fprintln(j.notes, "没有只属于这个来源的文档；来源名称是收入时的 --source，默认为收入的路径。")
	}
	if err == nil {
		fmt.Fprintf(j.out, "已删除来源 %s 的 %d 篇文档\n", source, sum.Deleted)
	}
	return err
}

// ingestMemory is the heap that an ingest aims to stay below; compactAfter the number of changes after which it is worth
// merging the index into few segments at the end.
const (
	ingestMemory = 1 << 30
	compactAfter = 10000
)

// startIndexing lets the index follow the store in the background. The function returned waits until it has caught up.
// When a server holds the index, that server follows the store by itself and there is nothing to do here.
//
// A shared store has its own servers that follow it; an index is kept in step here only where the folder has one.
func (j *ingestJob) startIndexing(ctx context.Context) func() error {
	if j.config.isShared() && !exists(j.config.indexPath()) {
		return func() error {
			fmt.Fprintln(j.notes, "已存到 PostgreSQL；索引由正在运行的各个 serve 更新，两秒内可以搜到。")
			return nil
		}
	}
	e, err := openEngine(j.config)
	if errors.Is(err, index.ErrLocked) {
		return func() error {
			fmt.Fprintln(j.notes, "索引由正在运行的 serve 更新，两秒内可以搜到。")
			return nil
		}
	}
	if err != nil {
		return func() error { return err }
	}
	// Indexing makes garbage fast; a soft limit keeps the collector ahead of it without slowing small ingests.
	if debug.SetMemoryLimit(-1) > ingestMemory { // GOMEMLIMIT may ask for less
		debug.SetMemoryLimit(ingestMemory)
	}
	stop, finished := make(chan struct{}), make(chan error, 1)
	changed := 0
	go func() {
		mended := mendHere(ctx, j.store, e)
		for {
			n, err := 0, mended
			if err == nil {
				n, err = index.CatchUp(ctx, j.store, e, nil)
			}
			changed += n
			select {
			case <-stop:
				finished <- err
				return
			case <-time.After(200 * time.Millisecond):
			}
			if err != nil {
				finished <- err
				return
			}
		}
	}()
	return func() error {
		close(stop)
		err := <-finished
		if err == nil {
			var n int
			n, err = index.CatchUp(ctx, j.store, e, j.progress.indexed)
			changed += n
		}
		if err == nil && changed >= compactAfter {
			err = e.Compact(ctx)
		}
		if err == nil {
			if failed := e.Learn(ctx); failed != nil && ctx.Err() == nil {
				fmt.Fprintln(j.notes, "没有学成相关词，搜索不受影响：", failed)
			}
		}
		j.progress.done()
		return errors.Join(err, e.Close())
	}
}

// progress shows a bar on a terminal and a plain line every few seconds elsewhere.
type progress struct {
	w    io.Writer
	bar  *progressbar.ProgressBar
	tty  bool
	last time.Time
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w}
	if f, ok := w.(*os.File); ok {
		p.tty = term.IsTerminal(int(f.Fd()))
	}
	return p
}

func (p *progress) read(r reader.Progress) {
	if p.tty {
		if p.bar == nil {
			p.bar = progressbar.NewOptions64(r.Bytes, progressbar.OptionSetWriter(p.w), progressbar.OptionShowBytes(true),
				progressbar.OptionSetDescription("读取"), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
		}
		_ = p.bar.Set64(r.BytesDone) // a bar that cannot be drawn is no reason to stop
		return
	}
	if time.Since(p.last) > 5*time.Second {
		p.last = time.Now()
		fmt.Fprintf(p.w, "读取 %d/%d 个文件，%d/%d MB %s\n", r.FilesDone, r.Files, r.BytesDone>>20, r.Bytes>>20, r.File)
	}
}

func (p *progress) indexed(seq uint64) {
	if p.tty || time.Since(p.last) > 5*time.Second {
		p.last = time.Now()
		fmt.Fprintf(p.w, "建立索引：到第 %d 号变更\n", seq)
	}
}

func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish() // as above
		p.bar = nil
	}
}
