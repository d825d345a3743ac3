/**
 * The replicated log on Apache Ratis, with its rows in RocksDB. Start at {@link
 * io.lispfabric.store.ratis.RatisLog}. No type of Ratis leaves this package.
 */
@NullMarked
package io.lispfabric.store.ratis;

import org.jspecify.annotations.NullMarked;
