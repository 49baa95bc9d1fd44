package runner_test

// hello is tcp-hello on an address that can be chosen: many rounds take one
// each, so that the connections that stay in TIME_WAIT do not use up its ports.
const hello = `
vars: {host: 127.0.0.1}
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: ${host}:0
    - listen: listener
      backlog: 3
    - accept: listener
      as: conn
    - recv: conn
      expect: Hello from client
    - send: conn
      data: Hello from server
    - close: conn
    - close: listener
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - send: sock
      data: Hello from client
    - recv: sock
      expect: Hello from server
    - close: sock
`

// pingPong goes to and fro on one connection.
const pingPong = `
vars: {rounds: 100}
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - accept: listener
      as: conn
    - repeat: ${rounds}
      steps:
        - recv: conn
          expect: ping!
        - send: conn
          data: pong!
    - recv: conn
      expect: {eof: true}
    - close: [conn, listener]
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - repeat: ${rounds}
      steps:
        - send: sock
          data: ping!
        - recv: sock
          expect: pong!
    - close: sock
`
