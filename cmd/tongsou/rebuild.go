package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tongsou/corpus/store"
	"tongsou/index"
)

func rebuildCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "rebuild", Short: "从存储重建索引；serve 运行时也可以，其间照常回答",
		Long: `从存储重建整个索引，建好以后一下子换上；没有建成就继续用旧的。serve 正在运行时由它在旁边重建，
照常回答，进度见 /readyz。词典、词库或索引结构有变时 serve 启动后自动重建，不必用这个命令。`,
		Example: "  tongsou rebuild --data D", Args: noArgs,
	}
	addFlags(cmd, "data", "shards", "cache_mb")
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		s, err := openStore(cmd.Context(), c, false)
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		byServe, err := rebuildNow(cmd.Context(), c, s)
		if err != nil {
			return fmt.Errorf("重建没有做成，旧索引还在：%w", err)
		}
		seq, err := s.Sequence(cmd.Context())
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), map[string]any{"sequence": seq, "by_serve": byServe})
		}
		fmt.Fprintf(cmd.OutOrStdout(), "索引已重建，到第 %d 号变更\n", seq)
		return nil
	}
	return cmd
}

// rebuildNow rebuilds the index here or, when a serve holds it, lets that one do it.
func rebuildNow(ctx context.Context, c *Config, s *store.Store) (byServe bool, err error) {
	e, err := openEngine(c)
	if errors.Is(err, index.ErrLocked) {
		return true, askServe(ctx, c, ask{Do: askRebuild})
	}
	if err != nil {
		return false, err
	}
	return false, errors.Join(e.Rebuild(ctx, index.Feed(s)), e.Close())
}
