package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tongsou/corpus"
	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/index/opensearch"
)

// engine is an index as the program needs it: the embedded one, or one on a cluster.
type engine interface {
	index.Engine
	index.Overlayer
	// Stale reports whether it was built with another dictionary or mapping.
	Stale() bool
	Health() index.Health
	Distrust(reason string, sound bool) error
	Rebuild(ctx context.Context, feed embedded.Feed) error
	Compact(ctx context.Context) error
	Learn(ctx context.Context) error
	// Audit looks at every document and names it.
	Audit(ctx context.Context, visit func(id string, kind corpus.Kind)) error
}

// The engines that there are.
const (
	engineEmbedded   = "embedded"
	engineOpenSearch = "opensearch"
)

// Cluster is the part of the configuration that says which engine answers, and where the cluster is.
type Cluster struct {
	// Engine is embedded or opensearch.
	Engine     string     `mapstructure:"engine"`
	OpenSearch OpenSearch `mapstructure:"opensearch"`
}

// OpenSearch says where an OpenSearch cluster is and who we are there.
type OpenSearch struct {
	// Addresses are its nodes, https://host:9200.
	Addresses []string `mapstructure:"addresses"`
	// User and Password are for basic authentication; APIKey takes their place.
	User     string `mapstructure:"user"`
	Password string `mapstructure:"password"`
	APIKey   string `mapstructure:"api_key"`
	// CA, Cert and Key are files in PEM: whom to trust, and a certificate of our own. Insecure trusts anybody.
	CA       string `mapstructure:"ca"`
	Cert     string `mapstructure:"cert"`
	Key      string `mapstructure:"key"`
	Insecure bool   `mapstructure:"insecure"`
	// Prefix begins the names of the indices. Shards and Replicas are those of a new one, 1 to 1024 and 0 to 8.
	Prefix   string `mapstructure:"prefix"`
	Shards   int    `mapstructure:"shards"`
	Replicas int    `mapstructure:"replicas"`
	// Repository is where backup keeps a snapshot of the index, empty for nowhere; Location its folder, where it is to be
	// registered.
	Repository string `mapstructure:"repository"`
	Location   string `mapstructure:"location"`
}

// clusterSettings are the settings of Cluster.
func clusterSettings() []setting {
	free := func(*Config) string { return "" }
	between := func(n, low, high int) string {
		if n < low || n > high {
			return fmt.Sprintf("%d 到 %d 的整数", low, high)
		}
		return ""
	}
	return []setting{
		{"engine", "检索引擎：embedded（内置）或 opensearch（集群）", engineEmbedded, func(c *Config) string {
			if c.Engine != engineEmbedded && c.Engine != engineOpenSearch {
				return engineEmbedded + " 或 " + engineOpenSearch
			}
			return ""
		}},
		{"opensearch.addresses", "OpenSearch 各节点的地址", []string{}, func(c *Config) string {
			bad := c.Engine == engineOpenSearch && len(c.OpenSearch.Addresses) == 0
			for _, a := range c.OpenSearch.Addresses {
				bad = bad || !strings.HasPrefix(a, "http://") && !strings.HasPrefix(a, "https://")
			}
			if bad {
				return "一列地址，例如 https://10.0.0.1:9200"
			}
			return ""
		}},
		{"opensearch.user", "OpenSearch 的用户", "", free}, {"opensearch.password", "用户的口令", "", free},
		{"opensearch.api_key", "代替用户与口令的 API key", "", free},
		{"opensearch.ca", "信任的证书（PEM 文件）", "", free}, {"opensearch.insecure", "不核对证书（只供试用）", false, free},
		{"opensearch.cert", "本机的证书（PEM 文件）", "", func(c *Config) string {
			if (c.OpenSearch.Cert == "") != (c.OpenSearch.Key == "") {
				return "与 opensearch.key 成对的文件"
			}
			return ""
		}},
		{"opensearch.key", "证书的私钥", "", free},
		{"opensearch.prefix", "索引名的前缀", "tongsou", func(c *Config) string {
			if c.OpenSearch.Prefix == "" || strings.ToLower(c.OpenSearch.Prefix) != c.OpenSearch.Prefix {
				return "小写字母、数字、- 与 _"
			}
			return ""
		}},
		{"opensearch.shards", "新建索引的分片数", 1, func(c *Config) string { return between(c.OpenSearch.Shards, 1, opensearch.MaxShards) }},
		{"opensearch.replicas", "每个分片另有几份", 1, func(c *Config) string { return between(c.OpenSearch.Replicas, 0, 8) }},
		{"opensearch.repository", "备份时把索引的快照放进这个仓库", "", free}, {"opensearch.location", "仓库的共享目录（要登记时）", "", free},
	}
}

// reachable is how long the cluster may take to answer when a command starts.
const reachable = 2 * time.Minute

// openCluster opens the index on the cluster for a command that writes: of those on one data directory one at a time.
func openCluster(c *Config) (engine, error) {
	if err := os.MkdirAll(c.indexPath(), 0o750); err != nil {
		return nil, fmt.Errorf("建不了数据目录：%w", err)
	}
	release, err := embedded.Hold(c.indexPath())
	if errors.Is(err, index.ErrLocked) {
		return nil, &lockedError{c.Data, err}
	}
	if err != nil {
		return nil, err
	}
	e, err := dial(c)
	if err != nil {
		return nil, errors.Join(err, release())
	}
	return &held{e, release}, nil
}

// held is an engine on a cluster with the data directory that is held beside it.
type held struct {
	*opensearch.Engine
	release func() error
}

// Close closes the engine and lets go of the data directory.
func (h *held) Close() error { return errors.Join(h.Engine.Close(), h.release()) }

// dial connects to the cluster.
func dial(c *Config) (*opensearch.Engine, error) {
	ctx, cancel := context.WithTimeout(context.Background(), reachable)
	defer cancel()
	o := &c.OpenSearch
	e, err := opensearch.Open(ctx, opensearch.Options{
		Access: opensearch.Access{
			Addresses: o.Addresses, User: o.User, Password: o.Password, APIKey: o.APIKey, CA: o.CA, Cert: o.Cert, Key: o.Key, Insecure: o.Insecure,
		},
		Prefix: o.Prefix, Shards: o.Shards, Replicas: o.Replicas,
	})
	if err != nil {
		return nil, fmt.Errorf("连不上 OpenSearch（%s）：%w", strings.Join(o.Addresses, "、"), err)
	}
	return e, nil
}

// snapshot keeps a copy of the cluster's index in its repository, when one is set.
func (b *backup) snapshot(ctx context.Context) error {
	o := &b.config.OpenSearch
	if o.Repository == "" {
		return nil
	}
	e, err := dial(b.config)
	if err != nil {
		return err
	}
	name := "tongsou-" + time.Now().UTC().Format("20060102-150405")
	if err := errors.Join(e.Snapshot(ctx, o.Repository, o.Location, name), e.Close()); err != nil {
		return err
	}
	fmt.Fprintf(b.notes, "索引的快照 %s 已存进集群的仓库 %s\n", name, o.Repository)
	return nil
}

// readRelated reads what was learned from the documents. An error wraps os.ErrNotExist when nothing was.
func readRelated(c *Config) (*index.Related, error) {
	if c.Engine != engineOpenSearch {
		return embedded.ReadRelated(c.indexPath())
	}
	e, err := dial(c)
	if err != nil {
		return nil, err
	}
	r := e.Related()
	if r == nil {
		err = os.ErrNotExist
	}
	return r, errors.Join(err, e.Close())
}
