// Command tongsou is a full-text search engine for government guidance: it reads service items, policies and news from
// files, and answers on the command line and over HTTP.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/index/embedded"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program but for its process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cmd := root()
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	if err := cmd.ExecuteContext(ctx); err != nil {
		fmt.Fprintf(stderr, "错误：%v\n", err)
		return 1
	}
	return 0
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tongsou",
		Short: "通搜：政务服务事项、政策法规与新闻的全文检索",
		Long: `通搜（tongsou）把政务服务事项、政策法规和新闻从文件收进来，让群众用自己的话找到要办的事。

第一次使用：
  tongsou serve                         用内置示例数据启动，浏览器打开 http://localhost:8080
  tongsou ingest --data D 文件或目录      收入自己的数据
  tongsou search --data D 孩子上户口      在命令行里搜`,
		Example: `  tongsou serve
  tongsou help ingest                   看一个命令的用法`,
		SilenceUsage: true, SilenceErrors: true,
		Args: cobra.ArbitraryArgs, // so that RunE names the commands there are, in place of cobra's English
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
	}
	speakChinese(cmd)
	cmd.AddCommand(serveCommand(), ingestCommand(), searchCommand(), segmentCommand(), evalCommand(), checkCommand(), backupCommand(), restoreCommand(), rebuildCommand(), migrateCommand(), relatedCommand(), widgetCommand(), keyCommand(), modelCommand(), healthCommand(), versionCommand())
	return cmd
}

func versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "version", Short: "显示版本", Example: "  tongsou version", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return printJSON(cmd.OutOrStdout(), map[string]string{"version": version()})
			}
			fmt.Fprintln(cmd.OutOrStdout(), "tongsou", version())
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	return cmd
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) > 12 {
			return info.Main.Version + " " + s.Value[:12]
		}
	}
	return info.Main.Version
}

// printJSON writes v as indented JSON.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// openStore opens the store of a data directory; create says whether an absent one may be made.
func openStore(ctx context.Context, c *Config, create bool) (*store.Store, error) {
	if c.isShared() {
		return openShared(ctx, c)
	}
	if create {
		if err := os.MkdirAll(c.Data, 0o750); err != nil {
			return nil, fmt.Errorf("建不了数据目录：%w", err)
		}
	} else if _, err := os.Stat(c.storePath()); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("数据目录 %s 里还没有数据；请先运行 tongsou ingest --data %s 文件或目录", c.Data, c.Data)
	}
	if err := c.checkWhole(); err != nil {
		return nil, err
	}
	return inUse(ctx)(store.Open(ctx, c.storePath()))
}

// lockedError says that another process works in the data directory. What to do about it depends on the command.
type lockedError struct {
	data string
	err  error
}

func (e *lockedError) Error() string {
	return fmt.Sprintf("数据目录 %s 正由另一个 tongsou 使用", e.data)
}
func (e *lockedError) Unwrap() error { return e.err }

// orElse adds to an error of openEngine what to do when the index is held by another process.
func orElse(err error, advice string) error {
	if errors.Is(err, index.ErrLocked) {
		return fmt.Errorf("%w；%s", err, advice)
	}
	return err
}

// openEngine opens the index of a data directory, or on the cluster.
func openEngine(c *Config) (engine, error) {
	if err := c.checkWhole(); err != nil {
		return nil, err
	}
	if c.Engine == engineOpenSearch {
		return openCluster(c)
	}
	e, err := openEmbedded(c)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func openEmbedded(c *Config) (*embedded.Engine, error) {
	e, err := embedded.Open(embedded.Options{Path: c.indexPath(), Shards: c.Shards, CacheBytes: int64(c.CacheMB) << 20})
	if errors.Is(err, index.ErrLocked) {
		return nil, &lockedError{c.Data, err}
	}
	return e, err
}
