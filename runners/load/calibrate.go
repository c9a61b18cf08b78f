package load

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// CalibrationTime is how long a calibration takes.
const CalibrationTime = 2 * time.Second

// calibrationClients keep a server that does nothing busy.
const calibrationClients = 16

// A Calibration is what this generator can do on this machine, now. Its null
// server shares the processors with it, so the true ceiling is higher; what is
// asked for below it can be sent.
type Calibration struct {
	Ceiling float64       // requests a second
	Floor   time.Duration // 99th percentile that it measures of a server that does nothing, at half the ceiling
}

// Calibrate sends requests to a built-in server that does nothing, half of the
// time as fast as it can and half of the time at half that rate.
func Calibrate(ctx context.Context, lasts time.Duration) (Calibration, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return Calibration{}, err
	}
	defer func() { _ = l.Close() }()
	go null(l)
	client, err := target.New(target.Config{Base: "http://" + l.Addr().String(), Began: time.Now(), Timeout: lasts + time.Second})
	if err != nil {
		return Calibration{}, err
	}
	shot := target.Shot{Operation: "null", Request: plumbline.Request{Method: http.MethodGet, Path: "/"}, Unchecked: true}
	shot.Ready = client.Ready(ctx, shot)
	send := func(arrivals plumbline.Arrivals, rate float64) (n int64, p99 time.Duration, err error) {
		s := Session{Experiment: "calibration", Phase: string(arrivals), Shot: func(int, uint64) target.Shot { return shot }}
		s.Streams = []plumbline.Stream{{Name: "null", Operation: "null", Arrivals: arrivals, Stages: []plumbline.Stage{{From: rate, To: rate, Duration: lasts / 2}}}}
		err = (&Engine{Client: client}).Run(ctx, s, func(r plumbline.Record) {
			if r.Series != nil && r.Series.Class == "2xx" {
				n, p99 = r.Series.Count, Quantile(r.Series.Latency, 0.99)
			}
		})
		return n, p99, err
	}
	var c Calibration
	n, _, err := send(plumbline.ArrivalsClosed, calibrationClients)
	if c.Ceiling = float64(n) / (lasts / 2).Seconds(); err != nil || n == 0 {
		return c, err
	}
	_, c.Floor, err = send(plumbline.ArrivalsConstant, c.Ceiling/2)
	return c, err
}

// null answers every request with nothing, as soon as its head is in.
func null(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = c.Close() }()
			in := bufio.NewReaderSize(c, 1024)
			for {
				line, err := in.ReadSlice('\n')
				if err != nil {
					return
				}
				if len(line) > 2 {
					continue
				}
				if _, err := c.Write([]byte("HTTP/1.1 204 No Content\r\n\r\n")); err != nil {
					return
				}
			}
		}()
	}
}
