package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// ListenAdmin opens the door for those who run the server: /metrics for Prometheus and the signs of life, and on a
// loopback address the profiles of /debug/pprof. It answers until Close. Nothing there asks for a key, so that nobody
// outside may reach the address.
func (s *Server) ListenAdmin(addr string) error {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return fmt.Errorf("管理端口监听不了 %s：%w；请用 admin_addr 换一个地址", addr, err)
	}
	bound, ok := l.Addr().(*net.TCPAddr)
	s.operators = &http.Server{
		Handler:           s.admin(ok && bound.IP.IsLoopback()),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		WriteTimeout: 2 * time.Minute, // a profile takes half a minute
		ErrorLog:     slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := s.operators.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.options.Log.Error("the admin address answers no more", "addr", addr, "error", err)
		}
	}()
	s.options.Log.Info("metrics are served", "addr", l.Addr().String())
	return nil
}

// Metrics answers with what is measured, in Prometheus's text form.
func (s *Server) Metrics() http.Handler { return s.metrics.handler() }

// admin answers those who run the server.
func (s *Server) admin(profiles bool) http.Handler {
	m := http.NewServeMux()
	m.Handle("GET /metrics", s.Metrics())
	m.Handle("GET /healthz", s.handle(s.health))
	m.Handle("GET /readyz", s.handle(s.ready))
	if profiles {
		m.HandleFunc("GET /debug/pprof/", pprof.Index)
		m.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		m.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		m.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		m.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return m
}
