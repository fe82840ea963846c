#!/usr/bin/env node
import { main } from '@rank-rank/cli';

process.exitCode = await main(process.argv);
