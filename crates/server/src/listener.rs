//! The socket that the server listens on, and how it stops listening without cutting a connection.
//!
//! When a listening socket is closed, the kernel resets the connections that it has accepted and the server hasn't yet.
//! So before that it is told to take no new ones, for long enough that those which are there are served.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1_024;

/// An address that is ours and on which nothing is accepted yet.
#[derive(Debug)]
pub(crate) struct BoundSocket(Socket);

impl BoundSocket {
    /// Takes an address.
    ///
    /// # Errors
    /// Those of the system, such as that another process listens there.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        #[cfg(not(windows))]
        socket.set_reuse_address(true)?;
        // Connections inherit it. Without, the end of a long answer waits 40 ms for the client's delayed acknowledgement.
        socket.set_tcp_nodelay(true)?;
        socket.bind(&address.into())?;
        Ok(Self(socket))
    }

    /// Listens there.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn listen(self) -> io::Result<Listener> {
        self.0.listen(BACKLOG)?;
        Ok(Listener(self.0))
    }
}

/// A listening socket, of which the server has a copy.
#[derive(Debug)]
pub(crate) struct Listener(Socket);

impl Listener {
    /// The server's copy.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn copy(&self) -> io::Result<TcpListener> {
        Ok(self.0.try_clone()?.into())
    }

    /// Ignores clients that connect from now on: they try again for some seconds, and reach the next server or are
    /// refused once this one has closed the socket. Connections that are being made, or wait to be accepted, are not
    /// affected. Only on Linux; elsewhere they go on connecting.
    pub(crate) fn ignore_new(&self) {
        #[cfg(target_os = "linux")]
        if let Err(error) = self.0.attach_filter(&linux::DROP_SYN) {
            tracing::debug!(%error, "connections are taken until the socket is closed");
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use socket2::SockFilter;

    // Instructions of the classic Berkeley packet filter (linux/bpf_common.h).
    const LOAD_BYTE: u16 = 0x30;
    const JUMP_IF_SET: u16 = 0x45;
    const RETURN: u16 = 0x06;

    /// Where the flags are in a TCP header, and which one begins a connection (RFC 9293 section 3.1).
    const FLAGS_OFFSET: u32 = 13;
    const SYN: u32 = 0x02;

    /// Drops packets that begin a connection.
    pub(super) static DROP_SYN: [SockFilter; 4] = [
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS_OFFSET),
        SockFilter::new(JUMP_IF_SET, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_do_not_wait_for_acknowledgements() {
        let listener = BoundSocket::bind(([127, 0, 0, 1], 0).into()).unwrap().listen().unwrap().copy().unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert!(listener.accept().unwrap().0.nodelay().unwrap());
    }
}
