package io.lispfabric.xtr.core;

import io.lispfabric.wire.LispMessage;
import java.net.InetSocketAddress;

/**
 * A message that is to be sent. Authenticated ones are sealed with the domain's key on the way out.
 *
 * @param fromControlPort whether it leaves from the control port, or from the random one (RFC 9301
 *     §5.6, §5.7)
 */
public record Transmission(InetSocketAddress to, boolean fromControlPort, LispMessage message) {}
