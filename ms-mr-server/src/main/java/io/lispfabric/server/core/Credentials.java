package io.lispfabric.server.core;

/**
 * How an xTR wants its messages authenticated: with which of its site's keys, and in which form it
 * used it itself.
 *
 * @param site the name of the site, whose keys these are
 * @param keyId 0 to 255
 * @param algorithmId 1 to 3 (RFC 9301 §12.5)
 * @param length octets of authentication data
 */
public record Credentials(String site, int keyId, int algorithmId, int length) {}
