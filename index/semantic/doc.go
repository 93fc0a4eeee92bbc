// Package semantic is the lane of meaning beside the lanes of words: it finds 劳动保障监察投诉 for 老板跑路了工资没给, which share
// no character. A sentence model turns texts into vectors, near to each other where the texts mean the same; passages
// have theirs computed when they are taken in, a query when it is asked.
//
// The lane is off unless a model or an endpoint is configured, and nothing needs it to run. A model runs inside the program
// when that was built with the tag onnx (which needs cgo and ONNX Runtime's library); any program can ask an endpoint that
// speaks OpenAI's /v1/embeddings. The package knows texts, keys and vectors, and nothing of documents and engines.
//
// Search is by sign codes and exact. The simple way is to compare the query with every vector: 132 million multiplications
// for 258,000 passages of 512 dimensions, 130 ms in Go. A graph (HNSW) answers in 1 ms, but takes four times the memory and
// minutes to build, and finds little under a narrow filter. Here each vector has a code of one bit a dimension beside its
// 512 bytes; the codes of all passages that pass the filter are compared by counting bits, 8 words each, and only the
// nearest are compared exactly. See Lane.
package semantic
