package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"tongsou/corpus"
	"tongsou/server"
)

// Config is everything that tongsou.yaml, TONGSOU_* variables and flags may set. It is read once, at the start.
type Config struct {
	// Data is the folder that holds the store and the index.
	Data string `mapstructure:"data"`
	// Addr is where serve listens, host:port; port 0 takes a free one.
	Addr string `mapstructure:"addr"`
	// Place is the code of the division whose citizens the site serves, empty for none.
	Place string `mapstructure:"place"`
	// Sites are the portals that may show the search box in their pages.
	Sites []server.Site `mapstructure:"sites"`
	// Shards is the number of shards for policies and for news of a new index, 1 to 64.
	Shards int `mapstructure:"shards"`
	// CacheMB bounds the decoded postings kept in memory, in MiB, 16 to 65536.
	CacheMB int `mapstructure:"cache_mb"`
	// Timeout bounds one request, 100 ms to 1 min.
	Timeout time.Duration `mapstructure:"timeout"`
	// MaxConcurrent is the number of requests answered at once; more are told to come back.
	MaxConcurrent int `mapstructure:"max_concurrent"`
	// AdminKey opens the staff desk; empty keeps it shut. There is no flag for it: flags are seen by everybody on a machine.
	AdminKey string `mapstructure:"admin_key"`
	// Journal says whether what people search and say is kept, without their names; JournalDays for how long, 1 to 3650.
	Journal     bool `mapstructure:"journal"`
	JournalDays int  `mapstructure:"journal_days"`
	// LearnFromUse lets what people open and how they rate it move results a little. It needs the journal.
	LearnFromUse bool `mapstructure:"learn_from_use"`
	// Judged are the sets by which the staff desk measures what a change does before it is published.
	Judged []JudgedFiles `mapstructure:"judged"`
	// Sources are fetched by schedule while serve runs.
	Sources []PulledSource `mapstructure:"sources"`
	// Log is the least level that is logged: debug, info, warn, error.
	Log string `mapstructure:"log"`

	Shared  `mapstructure:",squash"`
	Outside `mapstructure:",squash"`
	Mail    `mapstructure:",squash"`
	Cluster `mapstructure:",squash"`

	Semantic `mapstructure:",squash"`
}

// setting is one key with its default, what it means, and its check, which returns the allowed values when v is none.
type setting struct {
	key, usage string
	preset     any
	check      func(c *Config) string
}

// minAdminKey is the least number of characters of a key that is not soon guessed.
const minAdminKey = 12

func settings() []setting {
	between := func(n, low, high int) string {
		if n < low || n > high {
			return fmt.Sprintf("%d 到 %d 的整数", low, high)
		}
		return ""
	}
	return append([]setting{
		{"data", "数据目录（存储与索引）", "tongsou-data", func(c *Config) string {
			if c.Data == "" {
				return "一个目录的路径"
			}
			return ""
		}},
		{"addr", "监听地址", ":8080", func(c *Config) string {
			if !strings.Contains(c.Addr, ":") {
				return "主机:端口，例如 :8080 或 127.0.0.1:8080"
			}
			return ""
		}},
		{"place", "默认地区（行政区划代码），如 1501", "", func(c *Config) string {
			if _, ok := corpus.NormalizeRegion(c.Place); c.Place != "" && !ok {
				return "已知的行政区划代码，例如 15、1501、150102"
			}
			return ""
		}},
		{"sites", "可以放搜索框的网站", []any{}, func(c *Config) string {
			for _, s := range c.Sites {
				if err := s.Check(); err != nil {
					return "一列 key 与 origins（" + err.Error() + "）"
				}
			}
			return ""
		}},
		{"shards", "新建索引时政策与新闻各分几片", 2, func(c *Config) string { return between(c.Shards, 1, 64) }},
		{"cache_mb", "倒排缓存上限（MiB）", 256, func(c *Config) string { return between(c.CacheMB, 16, 65536) }},
		{"timeout", "单次请求的时限", 5 * time.Second, func(c *Config) string {
			if c.Timeout < 100*time.Millisecond || c.Timeout > time.Minute {
				return "100ms 到 1m"
			}
			return ""
		}},
		{"max_concurrent", "同时处理的请求数", 64, func(c *Config) string { return between(c.MaxConcurrent, 1, 10000) }},
		{"admin_key", "工作台的口令", "", func(c *Config) string {
			if n := len([]rune(c.AdminKey)); n > 0 && n < minAdminKey {
				return fmt.Sprintf("至少 %d 个字符的口令，例如 openssl rand -hex 16 的输出", minAdminKey)
			}
			return ""
		}},
		{"journal", "记录搜索词与评价（隐去个人信息）", true, func(*Config) string { return "" }},
		{"journal_days", "搜索词与评价保留的天数", 180, func(c *Config) string { return between(c.JournalDays, 1, 3650) }},
		{"learn_from_use", "按群众点开与评价小幅调整排序（须开启 journal）", false, func(c *Config) string {
			if c.LearnFromUse && !c.Journal {
				return "false，或者同时设 journal: true：没有记录就无从学起"
			}
			return ""
		}},
		{"judged", "有标准答案的查询集，用来在发布前衡量影响", []any{}, func(c *Config) string {
			for _, j := range c.Judged {
				if err := j.check(); err != nil {
					return "一列 name、corpus、queries 与 qrels（" + err.Error() + "）"
				}
			}
			return ""
		}},
		{"sources", "定时取来的数据来源", []any{}, func(c *Config) string {
			for _, s := range c.Sources {
				if _, err := s.source(); err != nil {
					return "一列 name、kind 与 url 或 path（" + err.Error() + "）"
				}
			}
			return ""
		}},
		{"log", "日志级别", "info", func(c *Config) string {
			if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log) {
				return "debug、info、warn、error 之一"
			}
			return ""
		}},
	}, slices.Concat(sharedSettings(), outsideSettings(), mailSettings(), clusterSettings(), semanticSettings())...)
}

// addFlags gives a command a flag for each setting that it uses: cache_mb is --cache-mb.
func addFlags(cmd *cobra.Command, used ...string) {
	f := cmd.Flags()
	f.String("config", "", "配置文件（默认读当前目录的 tongsou.yaml，没有也可以）")
	for _, s := range settings() {
		// Where the data folder may be named, so may the store that stands for it.
		if !slices.Contains(used, s.key) && (s.key != "store" || !slices.Contains(used, "data")) {
			continue
		}
		name := strings.ReplaceAll(s.key, "_", "-")
		switch v := s.preset.(type) {
		case string:
			f.String(name, v, s.usage)
		case int:
			f.Int(name, v, s.usage)
		case bool:
			f.Bool(name, v, s.usage)
		case time.Duration:
			f.Duration(name, v, s.usage)
		}
	}
}

// loadConfig reads file, environment and flags; a later one overrides an earlier.
func loadConfig(cmd *cobra.Command) (*Config, error) {
	v := viper.New()
	v.SetEnvPrefix("TONGSOU")
	v.SetEnvKeyReplacer(strings.NewReplacer(".", "_")) // postgres.dsn is TONGSOU_POSTGRES_DSN, opensearch.user TONGSOU_OPENSEARCH_USER
	v.AutomaticEnv()
	allowed := map[string]bool{}
	for _, s := range settings() {
		allowed[s.key] = true
		v.SetDefault(s.key, s.preset)
		if flag := cmd.Flags().Lookup(strings.ReplaceAll(s.key, "_", "-")); flag != nil {
			if err := v.BindPFlag(s.key, flag); err != nil {
				return nil, err
			}
		}
	}
	file, err := readFile(cmd, v, allowed)
	if err != nil {
		return nil, err
	}
	c := new(Config)
	if err := v.UnmarshalExact(c); err != nil {
		return nil, fmt.Errorf("%s：取值的类型不对：%w", origin(file), err)
	}
	for _, s := range settings() {
		if want := s.check(c); want != "" {
			value := v.Get(s.key)
			if secret(s.key) {
				value = "（不显示）"
			}
			return nil, fmt.Errorf("%s：%s = %v 无效，应为%s", origin(file), s.key, value, want)
		}
	}
	if code, ok := corpus.NormalizeRegion(c.Place); ok {
		c.Place = code
	}
	return c, nil
}

func origin(file string) string {
	if file == "" {
		return "命令行或环境变量 TONGSOU_*"
	}
	return "配置（" + file + "、环境变量 TONGSOU_* 或命令行）"
}

// readFile reads tongsou.yaml, or the file that --config names, and refuses keys that nobody knows.
func readFile(cmd *cobra.Command, v *viper.Viper, allowed map[string]bool) (string, error) {
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return "", err
	}
	// The file is named in full: viper's own search would also take a file "tongsou" without ending, such as this program.
	given := file != ""
	if !given {
		file = "tongsou.yaml"
	}
	v.SetConfigFile(file)
	if err := v.ReadInConfig(); errors.Is(err, os.ErrNotExist) && !given {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("读不了配置文件 %s：%w", file, err)
	}
	for _, key := range v.AllKeys() {
		if !allowed[key] {
			return "", fmt.Errorf("%s：不认识的键 %q；可用的键：%s", file, key, strings.Join(keys(allowed), "、"))
		}
	}
	return file, nil
}

func keys(m map[string]bool) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	sort.Strings(list)
	return list
}

func (c *Config) storePath() string   { return filepath.Join(c.Data, "store.db") }
func (c *Config) journalPath() string { return filepath.Join(c.Data, "journal.db") }
func (c *Config) indexPath() string   { return filepath.Join(c.Data, "index") }
