package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// healthWait is how long the answer may take: what watches a server asks every few seconds.
const healthWait = 3 * time.Second

// healthCommand asks a server whether it runs, for those who watch it where there is no curl.
func healthCommand() *cobra.Command {
	var address string
	var ready, asJSON bool
	cmd := &cobra.Command{
		Use: "health", Short: "问一个服务是否在运行；不在就返回 1",
		Example: `  tongsou health
  tongsou health --server http://127.0.0.1:9090 --ready   问管理端口，并问是否可以搜索`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&address, "server", "http://127.0.0.1:8080", "服务的网址")
	cmd.Flags().BoolVar(&ready, "ready", false, "还要可以搜索")
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		path := "/healthz"
		if ready {
			path = "/readyz"
		}
		if err := askHealth(cmd.Context(), strings.TrimSuffix(address, "/")+path); err != nil {
			return err
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), map[string]string{"status": "ok"})
		}
		fmt.Fprintln(cmd.OutOrStdout(), "正常")
		return nil
	}
	return cmd
}

func askHealth(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("网址 %s 无效：%w；例如 http://127.0.0.1:8080", address, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s 没有回答：%w；请看 serve 是否在运行，端口是否对", address, err)
	}
	_ = resp.Body.Close() // its status is all that counts
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s 回答 %s；请看服务的日志", address, resp.Status)
	}
	return nil
}
