package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// speakChinese replaces what cobra says in English: the help, and the errors of the command line itself.
func speakChinese(root *cobra.Command) {
	root.PersistentFlags().BoolP("help", "h", false, "显示用法")
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { printHelp(cmd.OutOrStdout(), cmd) })
	root.SetUsageFunc(func(cmd *cobra.Command) error { printHelp(cmd.OutOrStderr(), cmd); return nil })
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("选项有误：%w；可用的选项见 %s --help", err, cmd.CommandPath())
	})
	root.SuggestionsMinimumDistance = 2
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{
		Use: "help 命令", Short: "显示一个命令的用法", Example: "  tongsou help ingest",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err == nil && len(rest) > 0 {
				return unknownCommand(root, rest[0])
			}
			if err != nil {
				return err
			}
			return cmd.Help()
		},
	})
}

func unknownCommand(root *cobra.Command, name string) error {
	var list []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			list = append(list, c.Name())
		}
	}
	if near := root.SuggestionsFor(name); len(near) > 0 {
		return fmt.Errorf("没有命令 %q，是不是 %s？可用的命令：%s", name, strings.Join(near, "、"), strings.Join(list, "、"))
	}
	return fmt.Errorf("没有命令 %q；可用的命令：%s", name, strings.Join(list, "、"))
}

// noArgs refuses arguments, someArgs wants one at least. what names them.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s 不接受参数 %q；用法见 %s --help", cmd.CommandPath(), args[0], cmd.CommandPath())
	}
	return nil
}

func someArgs(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if strings.TrimSpace(strings.Join(args, "")) == "" {
			return fmt.Errorf("请给出%s，例如：%s", what, firstExample(cmd))
		}
		return nil
	}
}

func firstExample(cmd *cobra.Command) string {
	line, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
	return line
}

// What the flag package writes of a flag: its name, its type and what it is for with the default.
var (
	flagLine    = regexp.MustCompile(`^ +(?:-\w, )?--([\w-]+)(?: (\w+))? {3}\s*(.*)$`)
	flagDefault = regexp.MustCompile(` ?\(default "?([^")]*)"?\)$`)
	typeNames   = map[string]string{"string": " 文字", "strings": " 文字", "stringArray": " 文字", "int": " 整数", "duration": " 时长"}
)

// printFlags lists the flags of a command in columns; a Chinese character is two columns wide.
func printFlags(w io.Writer, cmd *cobra.Command) {
	type row struct{ name, meaning string }
	var rows []row
	wide := 0
	for line := range strings.Lines(cmd.LocalFlags().FlagUsages() + cmd.InheritedFlags().FlagUsages()) {
		m := flagLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		r := row{"--" + m[1] + typeNames[m[2]], flagDefault.ReplaceAllString(m[3], "（默认 $1）")}
		rows = append(rows, r)
		wide = max(wide, columns(r.name))
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.name, b.name) })
	for _, r := range rows {
		fmt.Fprintf(w, "  %s%s  %s\n", r.name, strings.Repeat(" ", wide-columns(r.name)), r.meaning)
	}
}

func columns(s string) int {
	n := 0
	for _, r := range s {
		if n++; r >= utf8.RuneSelf {
			n++
		}
	}
	return n
}

func printHelp(w io.Writer, cmd *cobra.Command) {
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	fmt.Fprintf(w, "%s\n\n用法：\n  %s\n", strings.TrimSpace(text), usageLine(cmd))
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintln(w, "\n命令：")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() || c.Name() == "help" {
				fmt.Fprintf(w, "  %-10s %s\n", c.Name(), c.Short)
			}
		}
	}
	if cmd.HasExample() {
		fmt.Fprintf(w, "\n例子：\n%s\n", cmd.Example)
	}
	fmt.Fprintln(w, "\n选项：")
	printFlags(w, cmd)
	if cmd.Flags().Lookup("config") != nil {
		fmt.Fprintln(w, "\n选项也可以写在 tongsou.yaml 里（--cache-mb 写作 cache_mb），或设环境变量（TONGSOU_CACHE_MB）；命令行优先。")
	}
}

func usageLine(cmd *cobra.Command) string {
	if cmd.HasParent() {
		return cmd.Parent().CommandPath() + " " + cmd.Use + " [选项]"
	}
	return cmd.Name() + " 命令 [选项]"
}
