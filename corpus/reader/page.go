package reader

import (
	"regexp"
	"slices"
	"strings"
)

// headerNames are the labels of the table above a policy's text, with blanks removed.
var headerNames = []string{"索引号", "主题分类", "发文机关", "成文日期", "标题", "发文字号", "发布日期", "主题词", "公开方式", "有效性", "文号"}

var (
	// reFooter begins what a page puts under a policy's text.
	reFooter = regexp.MustCompile(`(?s)(?:\n|\s{2,})\s*(?:扫一扫在手机打开当前页|【?打印(?:本页|此页|本文|页面)?】?[ \t　|]*(?:【?(?:关闭|收藏|分享|返回)[^\n]*)?(?:\n|$)|关闭窗口|分享到|分享[：:]|附件下载|返回顶部|责任编辑[：:]|相关链接|主办单位[：:]|上一篇[：:]|下一篇[：:]).*$`)
	// reSeam is where a text that lost its line breaks had one: at several blanks, and before a numbered heading or an
	// article after a full stop.
	reSeam = regexp.MustCompile(`[ \t　]{2,}|([。：；！？])\s*((?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)]|第[一二三四五六七八九十百]{1,5}[条章]))|[ 　](第[一二三四五六七八九十百]{1,5}[条章][ 　])`)
	// reChrome is a line of a page that is no text: font sizes, share buttons, where one is.
	reChrome = regexp.MustCompile(`^(?:【?\s*字体[：:].*|\[?\s*大\s*中\s*小\s*\]?|来源[：:].*|浏览次数[：:].*|时间[：:].*|打印|分享|收藏|当前位置[：:].*)$`)
)

// maxHeaderLines is how far down a page its header table may reach.
const maxHeaderLines = 60

// cutPage separates the header table of a page from its text and drops what the page puts below.
func cutPage(text string) (header map[string]string, body string) {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	header, end := readHeader(lines)
	body = dropChrome(reFooter.ReplaceAllString(strings.Join(lines[end:], "\n"), ""))
	if strings.Count(body, "\n")*300 < len(body) {
		body = reSeam.ReplaceAllString(body, "$1\n$2$3")
	}
	return header, body
}

// readHeader reads labels with their values, which stand on the same line or on the next, and returns the number of lines
// that the table takes.
func readHeader(lines []string) (map[string]string, int) {
	header := map[string]string{}
	end := 0
	for i := 0; i < min(len(lines), maxHeaderLines); i++ {
		label, value := splitLabel(lines[i])
		if label == "" {
			continue
		}
		end = i + 1
		for value == "" && label != "主题词" && end < len(lines) {
			if next, _ := splitLabel(lines[end]); next != "" {
				break
			}
			value = strings.TrimSpace(lines[end])
			end++
		}
		header[label] = value
		i = end - 1
	}
	return header, end
}

// splitLabel recognises a line of the header table.
func splitLabel(line string) (label, value string) {
	before, after, ok := strings.Cut(strings.Replace(line, ":", "：", 1), "：")
	name := strings.Join(strings.Fields(before), "")
	if !ok || !slices.Contains(headerNames, name) {
		return "", ""
	}
	return name, strings.TrimSpace(after)
}

func dropChrome(body string) string {
	var kept []string
	for line := range strings.Lines(body) {
		if !reChrome.MatchString(strings.TrimSpace(line)) {
			kept = append(kept, strings.TrimRight(line, "\n"))
		}
	}
	return strings.Join(kept, "\n")
}
