// Command server answers tiny GETs as cheaply as Go can, so that what a bench
// measures is the generator. It may freeze, and it may be slow for some: then
// it is what the truth is known of.
package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"math"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const body = `{"id":1,"name":"plumb"}`

// options are what a server does beside answering.
type options struct {
	freezeAt, freezeFor time.Duration // after the first request; for all
	slowEvery           int           // in ten thousand
	slow, fast          time.Duration
}

type server struct {
	options
	first  atomic.Int64 // of the first request, in nanoseconds
	number atomic.Int64

	mu     sync.Mutex
	held   []time.Duration // when some are slow
	frozen []waiting       // in the order in which they came
}

// waiting is a connection whose request came into the freeze.
type waiting struct {
	conn     net.Conn
	answered chan error
}

func main() {
	var o options
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	flag.DurationVar(&o.freezeAt, "freeze-at", 0, "freeze so long after the first request")
	flag.DurationVar(&o.freezeFor, "freeze-for", 0, "how long")
	flag.IntVar(&o.slowEvery, "slow-share", 0, "of ten thousand requests, so many are slow")
	flag.DurationVar(&o.slow, "slow", 0, "how long a slow request takes")
	flag.DurationVar(&o.fast, "fast", 0, "how long the others take")
	flag.Parse()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", *addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	s := &server{options: o}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	go func() {
		<-ended
		s.tell()
		os.Exit(0)
	}()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go s.serve(c)
	}
}

func (s *server) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReaderSize(c, 4096)
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	for {
		length, ok := head(in)
		if !ok {
			return
		}
		if _, err := in.Discard(length); err != nil {
			return
		}
		if err := s.answer(c, answer); err != nil {
			return
		}
	}
}

// tell says how long requests were held: the truth that is to be found out.
func (s *server) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.held)
	if n == 0 {
		return
	}
	slices.Sort(s.held)
	at := func(q float64) time.Duration { return s.held[min(int(math.Ceil(q*float64(n)))-1, n-1)] }
	fmt.Printf("p50=%s p99=%s p99.9=%s n=%d\n", at(0.5), at(0.99), at(0.999), n)
}

// head reads the head of a request and tells how long its body is.
func head(in *bufio.Reader) (length int, ok bool) {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, false
		}
		if len(line) <= 2 {
			return length, true
		}
		if name, value, found := bytes.Cut(line, []byte(":")); found && len(name) == len("Content-Length") && strings.EqualFold(string(name), "Content-Length") {
			length, _ = strconv.Atoi(strings.TrimSpace(string(value)))
		}
	}
}

// answer writes the answer when its time has come.
func (s *server) answer(c net.Conn, answer []byte) error {
	if rest := s.rest(); rest > 0 {
		return <-s.freeze(rest, c, answer)
	}
	s.hold()
	_, err := c.Write(answer)
	return err
}

// rest is how long the freeze still lasts; zero or less when there is none.
func (s *server) rest() time.Duration {
	if s.freezeFor == 0 {
		return 0
	}
	now := time.Now().UnixNano()
	s.first.CompareAndSwap(0, now)
	since := time.Duration(now - s.first.Load())
	if since < s.freezeAt {
		return 0
	}
	return s.freezeAt + s.freezeFor - since
}

// freeze tells when the answer was written, which is when the freeze is over.
// One after the other is answered, and who came first is answered first: waking
// thousands who then answer each in their turn would put them out of order, and
// who waits longest would not be known by construction.
func (s *server) freeze(rest time.Duration, c net.Conn, answer []byte) <-chan error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := waiting{conn: c, answered: make(chan error, 1)}
	s.frozen = append(s.frozen, w)
	if len(s.frozen) == 1 {
		time.AfterFunc(rest, func() { s.thaw(answer) })
	}
	return w.answered
}

func (s *server) thaw(answer []byte) {
	s.mu.Lock()
	all := s.frozen
	s.frozen = nil
	s.mu.Unlock()
	for _, w := range all {
		_, err := w.conn.Write(answer)
		w.answered <- err
	}
}

// hold waits as long as the request takes.
func (s *server) hold() {
	if s.slow == 0 && s.fast == 0 {
		return
	}
	began := time.Now()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.held = append(s.held, time.Since(began))
	}()
	// Spread evenly: every ten thousand have their share, whatever the order.
	if int(s.number.Add(1)*7919%10000) < s.slowEvery {
		time.Sleep(s.slow)
		return
	}
	time.Sleep(s.fast)
}
