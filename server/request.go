package server

import (
	"context"
	"crypto/rand"
	"net/http"
	"regexp"

	"github.com/gorilla/mux"
)

// request is what is known of a request while it is answered: the ID that stands in its answer and in every line of the
// log about it, and the route that answered. A route is a pattern: it holds nothing that anybody typed.
type request struct{ id, route string }

type requestKey struct{}

// requestOf is what is known of the request of a context; never nil.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{route: otherRoute}
}

// otherRoute stands for every address that no route answers.
const otherRoute = "other"

// idHeader carries the ID of a request, from a proxy and to the client.
const idHeader = "X-Request-Id"

var goodID = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)

// newRequest takes the ID that came with the request, when it is one that can stand in a log, or makes one.
func newRequest(r *http.Request) *request {
	id := r.Header.Get(idHeader)
	if !goodID.MatchString(id) {
		id = rand.Text()
	}
	return &request{id: id, route: otherRoute}
}

// noteRoute notes which route answers.
func noteRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if route := mux.CurrentRoute(r); route != nil {
			if pattern, err := route.GetPathTemplate(); err == nil {
				requestOf(r.Context()).route = pattern
			}
		}
		next.ServeHTTP(w, r)
	})
}
