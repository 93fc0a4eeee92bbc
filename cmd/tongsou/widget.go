package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tongsou/corpus"
	"tongsou/server"
)

func widgetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "widget", Short: "打印放进门户网页的搜索框代码",
		Example: `  tongsou widget --url https://so.example.gov.cn --key portal-2026 --place 1501
  tongsou widget --url https://so.example.gov.cn --key portal-2026 --frame`,
		Long: `打印放进门户网页的搜索框代码：带版本的脚本地址、脚本的校验值（integrity）和搜索框本身。
门户的网页不许运行脚本时，用 --frame 打印 <iframe> 的写法。

网站要先写进 tongsou.yaml，密钥随便取，8 到 64 个字母、数字、- 或 _：

  sites:
    - key: portal-2026
      origins: [https://www.example.gov.cn, https://m.example.gov.cn]

没有写进去的网站，浏览器拿不到搜索结果。升级 tongsou 以后请重新打印，脚本变了，校验值也会变。
也可以在浏览器里打开 /embed，边选边看。`,
		Args: noArgs,
	}
	addFlags(cmd, "place")
	var f widgetFlags
	cmd.Flags().StringVar(&f.url, "url", "", "从外面访问 tongsou 的网址，如 https://so.example.gov.cn")
	cmd.Flags().StringVar(&f.key, "key", "", "网站的密钥；配置里只有一个网站时可以不写")
	cmd.Flags().StringSliceVar(&f.kinds, "kinds", nil, "只搜哪几类：item 事项、policy 政策、news 新闻；不写就都搜")
	cmd.Flags().BoolVar(&f.results, "results", false, "结果显示在搜索框下面；不写就打开结果页")
	cmd.Flags().BoolVar(&f.newWindow, "new-window", false, "在新窗口打开")
	cmd.Flags().BoolVar(&f.frame, "frame", false, "打印 <iframe> 的写法")
	cmd.Flags().BoolVar(&f.json, "json", false, "以 JSON 输出")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		snippet, err := f.snippet(c)
		if err != nil {
			return err
		}
		if snippet.Key == "" {
			fmt.Fprintln(cmd.ErrOrStderr(), "注意：没有写 --key。本站的网页可以直接用；别的网站要先写进 tongsou.yaml 的 sites，再用它的密钥打印一次。")
		} else if !slices.ContainsFunc(c.Sites, func(s server.Site) bool { return s.Key == snippet.Key }) {
			fmt.Fprintf(cmd.ErrOrStderr(), "注意：配置里没有密钥 %q 的网站，请写进 tongsou.yaml 的 sites，否则别的网站用不了搜索框。\n", snippet.Key)
		}
		return f.print(cmd, snippet)
	}
	return cmd
}

// widgetFlags are what the command widget is told.
type widgetFlags struct {
	url, key                        string
	kinds                           []string
	results, newWindow, frame, json bool
}

func (f *widgetFlags) snippet(c *Config) (server.Snippet, error) {
	s := server.Snippet{Place: c.Place, Key: f.key, Results: f.results, NewWindow: f.newWindow}
	u, err := url.Parse(f.url)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return s, errors.New("请用 --url 写明从外面访问 tongsou 的网址，例如 --url https://so.example.gov.cn")
	}
	s.Host = u.Scheme + "://" + u.Host
	for _, k := range f.kinds {
		if !corpus.Kind(k).Valid() {
			return s, fmt.Errorf("没有类别 %q；--kinds 可用 item、policy、news", k)
		}
		s.Kinds = append(s.Kinds, corpus.Kind(k))
	}
	if s.Key == "" && len(c.Sites) == 1 {
		s.Key = c.Sites[0].Key
	}
	return s, nil
}

func (f *widgetFlags) print(cmd *cobra.Command, s server.Snippet) error {
	write := s.HTML
	if f.frame {
		write = s.Frame
	}
	text, err := write()
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), map[string]string{"html": text})
	}
	fmt.Fprint(cmd.OutOrStdout(), text)
	return nil
}
