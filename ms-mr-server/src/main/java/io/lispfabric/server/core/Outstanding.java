package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.wire.Nonce;

/**
 * A Map-Notify that waits for its Map-Notify-Ack. What it says is not kept: it always tells the
 * newest mapping, and when that changes again, a Map-Notify with the next nonce takes its place
 * (RFC 9437 §6).
 *
 * @param confirms whether it confirms the subscription itself
 */
public record Outstanding(Eid eid, Nonce nonce, boolean confirms) {}
