/**
 * UDP sockets by Netty, with epoll where there is epoll. Start at {@link
 * io.lispfabric.wire.udp.UdpEndpoint}.
 */
@NullMarked
package io.lispfabric.wire.udp;

import org.jspecify.annotations.NullMarked;
