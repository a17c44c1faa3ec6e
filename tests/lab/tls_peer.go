// SPDX-License-Identifier: Apache-2.0

// tls_peer server|client IP PORT [name=value ...]: see tls_peer.py.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const request = "OPTIONS sip:b.example SIP/2.0\r\nCall-ID: 1@a.example\r\n" +
	"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"

var versions = map[string]uint16{"1.0": tls.VersionTLS10,
	"1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

var asks = map[string]tls.ClientAuthType{"none": tls.NoClientCert,
	"ask": tls.VerifyClientCertIfGiven, "require": tls.RequireAndVerifyClientCert}

func config(how map[string]string) *tls.Config {
	c := &tls.Config{InsecureSkipVerify: true, ServerName: "b.example",
		MinVersion: versions["1.2"], MaxVersion: versions["1.3"],
		ClientAuth:         asks[how["ask"]],
		ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	if v := how["min"]; v != "" {
		c.MinVersion = versions[v]
	}
	if v := how["max"]; v != "" {
		c.MaxVersion = versions[v]
	}
	if how["cert"] != "" {
		pair, err := tls.LoadX509KeyPair(how["cert"], how["key"])
		if err != nil {
			panic(err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if how["ca"] != "" {
		pem, _ := os.ReadFile(how["ca"])
		c.ClientCAs = x509.NewCertPool()
		c.ClientCAs.AppendCertsFromPEM(pem)
	}
	if how["alpn"] != "" {
		c.NextProtos = []string{how["alpn"]}
	}
	if how["keylog"] != "" {
		c.KeyLogWriter, _ = os.OpenFile(how["keylog"],
			os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0600)
	}
	return c
}

func talk(s *tls.Conn, server bool) error {
	b := make([]byte, 4096)
	_ = s.SetDeadline(time.Now().Add(5 * time.Second))
	for i := 0; server || i < 2; i++ {
		if !server {
			if _, err := s.Write([]byte(request)); err != nil {
				return err
			}
		}
		if _, err := s.Read(b); err != nil {
			return err
		}
		if server {
			_, err := s.Write([]byte("SIP/2.0 200 OK\r\n" +
				"Content-Length: 0\r\n\r\n"))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func main() {
	how := map[string]string{"ask": "none", "count": "1"}
	for _, word := range os.Args[4:] {
		name, value, _ := strings.Cut(word, "=")
		how[name] = value
	}
	at := os.Args[2] + ":" + os.Args[3]
	count, _ := strconv.Atoi(how["count"])
	c := config(how)
	server := os.Args[1] == "server"
	for i := 0; i < count; i++ {
		var s *tls.Conn
		var err error
		if !server {
			s, err = tls.Dial("tcp", at, c)
		} else if i == 0 {
			listener, problem := tls.Listen("tcp", at, c)
			if problem != nil {
				panic(problem)
			}
			for ; i < count; i++ {
				raw, _ := listener.Accept()
				s = raw.(*tls.Conn)
				fmt.Println(talk(s, true))
				s.Close()
			}
			return
		}
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(talk(s, false))
		s.Close()
	}
}
