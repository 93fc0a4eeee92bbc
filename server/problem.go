package server

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tongsou/corpus/store"
	"tongsou/index"
	"tongsou/server/curation"
	"tongsou/server/follow"
)

// handler answers a request or returns what went wrong, before it has written anything.
type handler func(w http.ResponseWriter, r *http.Request) error

// The errors that come from the request rather than from the engine.
var (
	errNoRoute = errors.New("no such page")
	errMethod  = errors.New("method not allowed")
	errTooLong = errors.New("address too long")
	errBusy    = errors.New("too many requests at once")
	// errForeignForm is a form that another site sends in the citizen's name.
	errForeignForm = errors.New("the form stands on another site")
)

// paramError is a parameter that cannot be read. Its text is for the user.
type paramError struct{ name, reason string }

func (e *paramError) Error() string { return e.name + "：" + e.reason }

// problem is an RFC 9457 problem detail.
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance,omitempty"`
	// Field names the parameter at fault.
	Field string `json:"field,omitempty"`
}

// statuses is the one table from errors to statuses. Its titles and details are for citizens and for the people who
// connect a portal: what happened, and what to do next.
var statuses = []struct {
	err           error
	status        int
	title, detail string
}{
	{index.ErrBadQuery, http.StatusBadRequest, "查询有误", ""},
	{index.ErrNotFound, http.StatusNotFound, "没有这一条", "它可能已被删除，请回到首页重新搜索。"},
	{store.ErrNotFound, http.StatusNotFound, "没有这一条", "它可能已被删除，请回到首页重新搜索。"},
	{errNoVersions, http.StatusNotFound, "没有可以对比的版本", "这一份在本站只有一个版本。请回到它的页面查看全文。"},
	{errNoRoute, http.StatusNotFound, "没有这个页面", "请检查网址，或回到首页搜索；接口说明见 /openapi.json。"},
	{errMethod, http.StatusMethodNotAllowed, "不支持这种请求方法", "请回到首页重新操作；查询接口请用 GET，见 /openapi.json。"},
	{errForeignForm, http.StatusForbidden, "没有保存", "这个表单来自别的网站。请打开本站页面重新操作。"},
	{errTooMuchFeedback, http.StatusTooManyRequests, "评价太多了", "谢谢您。请过一个小时再来评价；急事请拨打 12345。"},
	{errTooManyFollows, http.StatusTooManyRequests, "订阅得太快了", "请过一个小时再来订阅。"},
	{follow.ErrFull, http.StatusTooManyRequests, "现在订阅的人太多", "请明天再来订阅。"},
	{follow.ErrNoToken, http.StatusNotFound, "这个链接已经失效", "它可能过期了，或者已经退订。想重新订阅，请打开要订阅的内容，按下面的“订阅”。"},
	{errNoMail, http.StatusNotFound, "本站不发邮件", "可以把订阅网址加到阅读软件里，见 /follow。"},
	{errPersonal, http.StatusBadRequest, "不能订阅", "要搜的内容里好像有证件号、电话或姓名。请去掉以后再订阅。"},
	{errTooLongFeedback, http.StatusRequestEntityTooLarge, "写得太长", "请回到上一页，把内容缩短到 500 字以内再提交。"},
	{errForeignSite, http.StatusForbidden, "这个网站没有开通搜索框", "请网站管理员核对 key，并请本站把网站的地址写进 sites 配置。"},
	{errNoKey, http.StatusUnauthorized, "需要钥匙", "请在 Authorization: Bearer 里给出有效的钥匙；用 tongsou key create 可以新建。"},
	{errRole, http.StatusForbidden, "这把钥匙的权限不够", "请向管理员要一把权限更高的钥匙。"},
	{errTooManyTries, http.StatusTooManyRequests, "试错的次数太多", "请过十五分钟再试。"},
	{curation.ErrNotFound, http.StatusNotFound, "没有这一条", "它可能已被删除，请重新读取列表。"},
	{curation.ErrStale, http.StatusConflict, "内容已经变了", "别人刚改过。请重新查看，再决定。"},
	{curation.ErrNothing, http.StatusConflict, "没有可以改变的", "草稿与线上一致，或者还没有发布过。"},
	{errUnmeasured, http.StatusConflict, "还没有看过影响", "请先查看这些改动的影响，再发布。"},
	{errBulkBusy, http.StatusServiceUnavailable, "另一批正在写入", "同一时间只处理一批，请过几秒再发。"},
	{errKeyReused, http.StatusUnprocessableEntity, "Idempotency-Key 用过了", "同一个键一天之内只能用于同样的内容，请换一个。"},
	{ErrRebuilding, http.StatusConflict, "正在重建索引", "请等它做完；进度见 /readyz。"},
	{errTooLargeBody, http.StatusRequestEntityTooLarge, "内容太大", "一次最多 64 MB，请分几次发。"},
	{errTooLong, http.StatusRequestURITooLong, "网址太长", "请缩短查询或减少筛选条件；网址最长 8192 字节。"},
	{errBusy, http.StatusServiceUnavailable, "现在查询的人太多", "请过一两秒再试。"},
	{index.ErrUnavailable, http.StatusServiceUnavailable, "暂时不能搜索", "系统正在启动或停止，请稍后再试。"},
	{context.DeadlineExceeded, http.StatusGatewayTimeout, "查询超时", "请少写几个字或增加筛选条件后再试。"},
	{context.Canceled, 499, "请求已取消", ""},
}

// problemOf says what an error means to the one who asked. What the table does not know is our fault and says no more.
func problemOf(err error) problem {
	if p := (*paramError)(nil); errors.As(err, &p) {
		return problem{Title: "参数有误", Status: http.StatusBadRequest, Detail: p.Error(), Field: p.name}
	}
	if fast := (*tooFastError)(nil); errors.As(err, &fast) {
		return problem{Title: "操作太快了", Status: http.StatusTooManyRequests, Detail: "从您这里来的请求太多，请过几秒再试。"}
	}
	if f := (*curation.FieldError)(nil); errors.As(err, &f) {
		return problem{Title: "内容有误", Status: http.StatusBadRequest, Detail: f.Error(), Field: f.Field}
	}
	for _, s := range statuses {
		if !errors.Is(err, s.err) {
			continue
		}
		detail := s.detail
		if detail == "" {
			detail = strings.TrimSuffix(err.Error(), ": "+s.err.Error())
		}
		return problem{Title: s.title, Status: s.status, Detail: detail}
	}
	return problem{Title: "系统出错", Status: http.StatusInternalServerError, Detail: "不是您的问题，我们已记录下来。请稍后再试。"}
}

func (s *Server) handle(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// fail answers with a problem: a page to browsers that ask for one, JSON to everybody else.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	p.Type, p.Instance = "about:blank", r.URL.Path
	if p.Status == http.StatusInternalServerError {
		req := requestOf(r.Context())
		s.options.Log.Error("request failed", "request", req.id, "route", req.route, "error", err)
	}
	h := w.Header()
	h.Del("ETag")
	h.Set("Cache-Control", "no-store")
	if after := retryAfter(err, p.Status); after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	}
	if wantsPage(r) {
		s.problemPage(w, r, p)
		return
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone if this fails
}

// retryAfter is when it makes sense to come back, 0 when nobody knows.
func retryAfter(err error, status int) time.Duration {
	fast := (*tooFastError)(nil)
	switch {
	case errors.As(err, &fast):
		return fast.after
	case errors.Is(err, errTooMuchFeedback):
		return time.Hour
	case status == http.StatusServiceUnavailable:
		return 2 * time.Second
	}
	return 0
}

func wantsPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}
