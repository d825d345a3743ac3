package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.Nonce;

/**
 * A Map-Notify that waits for its Map-Notify-Ack. What it says is not kept: it always tells the
 * newest mapping, and when that changes again, a Map-Notify with the next nonce takes its place
 * (RFC 9437 §6).
 *
 * @param confirms whether it answers what the xTR itself asked for; it keeps the nonce of the
 *     Map-Request whatever it tells
 */
public record Outstanding(Eid eid, Nonce nonce, boolean confirms) {}
