package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"tongsou/server"
	"tongsou/server/follow"
	"tongsou/server/post"
)

// Mail is the part of the configuration that says how those who follow something are told.
type Mail struct {
	// PublicURL is where the site is found from outside; mails need it.
	PublicURL string `mapstructure:"public_url"`
	// SMTPHost sends the mails; empty sends none. SMTPPort 0 is the usual one of SMTPTLS: starttls, tls or none.
	SMTPHost string `mapstructure:"smtp_host"`
	SMTPPort int    `mapstructure:"smtp_port"`
	SMTPTLS  string `mapstructure:"smtp_tls"`
	// SMTPUser and SMTPPassword are given to the server when SMTPUser is set.
	SMTPUser     string `mapstructure:"smtp_user"`
	SMTPPassword string `mapstructure:"smtp_password"`
	// SMTPFrom is the sender's address.
	SMTPFrom string `mapstructure:"smtp_from"`
	// FollowKeyFile holds the key with which the addresses of followers are sealed; empty means follow.key in the data folder.
	FollowKeyFile string `mapstructure:"follow_key_file"`
}

// mailSettings are the settings of Mail.
func mailSettings() []setting {
	free := func(*Config) string { return "" }
	return []setting{
		{"public_url", "从外面访问本站的网址，如 https://so.example.gov.cn（订阅与邮件要用）", "", func(c *Config) string {
			if c.PublicURL == "" && c.SMTPHost != "" {
				return "网址：设了 smtp_host 就要设它，邮件里的链接才打得开"
			}
			return address(c.PublicURL)
		}},
		{"smtp_host", "发送订阅提醒的邮件服务器，默认不发", "", free},
		{"smtp_port", "邮件服务器的端口，0 为默认", 0, func(c *Config) string {
			if c.SMTPPort < 0 || c.SMTPPort > 65535 {
				return "0 到 65535 的整数"
			}
			return ""
		}},
		{"smtp_tls", "邮件服务器的加密方式", post.StartTLS, func(c *Config) string {
			switch c.SMTPTLS {
			case post.StartTLS, post.TLS, post.Plain:
				return ""
			}
			return "starttls、tls、none 之一"
		}},
		{"smtp_user", "邮件服务器的用户名", "", free},
		{"smtp_password", "邮件服务器的密码", "", free},
		{"follow_key_file", "给订阅者邮箱加密的密钥文件，默认数据目录里的 follow.key", "", free},
		{"smtp_from", "发件人的邮箱", "", func(c *Config) string {
			if _, err := follow.CleanAddress(c.SMTPFrom); c.SMTPHost != "" && err != nil {
				return "一个邮箱地址"
			}
			return ""
		}},
	}
}

// followName is the name of the book of followers in the data folder.
const followName = "follow.db"

func (c *Config) followPath() string { return filepath.Join(c.Data, followName) }

// follow opens the book of followers and, when there is a mail server, the way to them.
func (c *Config) follow(ctx context.Context, options *server.Options) (*follow.Book, error) {
	book, err := c.openFollowers(ctx)
	if err != nil {
		return nil, err
	}
	options.Followers, options.PublicURL = book, strings.TrimRight(c.PublicURL, "/")
	if c.SMTPHost == "" {
		return book, nil
	}
	sender, err := post.New(post.Options{
		Host: c.SMTPHost, Port: c.SMTPPort, Encryption: c.SMTPTLS, User: c.SMTPUser, Password: c.SMTPPassword, From: c.SMTPFrom, FromName: "通搜",
	})
	if err != nil {
		return book, fmt.Errorf("邮件的配置（smtp_*）：%w", err)
	}
	options.Mail = sender
	return book, nil
}
