/**
 * The rows of one replica in RocksDB, with the position of the log that they stand for. Start at
 * {@link io.lispfabric.store.rocks.RocksStore}.
 */
@NullMarked
package io.lispfabric.store.rocks;

import org.jspecify.annotations.NullMarked;
