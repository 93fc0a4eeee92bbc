package server

import (
	"context"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

type clientKey struct{}

// traced makes a span of every request when a tracer is set. A span knows the route, the status and the time, and the ID
// that the log has; not who asked nor for what: address, browser and query are kept from it.
func (s *Server) traced(next http.Handler) http.Handler {
	if s.options.Tracer == nil {
		return next
	}
	whole := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		original := r.Context().Value(clientKey{}).(*http.Request)
		span := trace.SpanFromContext(r.Context())
		span.SetAttributes(attribute.String("tongsou.request", requestOf(r.Context()).id))
		next.ServeHTTP(w, original.WithContext(r.Context()))
		route := requestOf(r.Context()).route
		span.SetName(method(r) + " " + route)
		span.SetAttributes(attribute.String("http.route", route))
	})
	spans := otelhttp.NewHandler(whole, "request", otelhttp.WithTracerProvider(s.options.Tracer),
		otelhttp.WithPropagators(propagation.TraceContext{}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bare := r.Clone(context.WithValue(r.Context(), clientKey{}, r))
		bare.RemoteAddr, bare.URL.RawQuery, bare.URL.Path, bare.RequestURI = "", "", "/", "/"
		for _, name := range append([]string{"User-Agent", "Referer"}, claims...) {
			bare.Header.Del(name)
		}
		spans.ServeHTTP(w, bare)
	})
}
