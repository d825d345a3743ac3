package io.lispfabric.server.core;

/**
 * How many subscriptions the mapping system keeps (RFC 9437 §6). One that has ended counts as long
 * as its nonce is kept.
 *
 * @param mostUnconfirmed how many may wait for their confirmation
 * @param mostPerXtr of one xTR, without those that wait: they may be somebody else's doing
 * @param most of all xTRs together, likewise
 */
public record Room(int mostUnconfirmed, int mostPerXtr, int most) {}
