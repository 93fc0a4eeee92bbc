// Command node runs one OpenSearch node on loopback to try the engine on: `make opensearch`. It is for no other use: there is
// neither TLS nor a password.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"tongsou/index/opensearch/opensearchtest"
)

func main() {
	data := flag.String("data", "", "the folder that keeps the node's data; empty for one that goes with the node")
	port := flag.Int("port", 9200, "the port on 127.0.0.1")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c, end, err := opensearchtest.Run(opensearchtest.Options{HeapMB: 1024, Compiled: true, Port: *port, Data: *data})
	defer end()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Printf("OpenSearch answers at %s until Ctrl+C\n", c.Nodes[0].URL)
	<-ctx.Done()
}
