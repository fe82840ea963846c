import type { MeasureFamily } from '../measure.ts';
import { Accuracy } from './accuracy.ts';
import { AP } from './average-precision.ts';
import { Bpref } from './bpref.ts';
import { Compat } from './compatibility.ts';
import { NumQ, NumRel, NumRelRet, NumRet } from './counts.ts';
import { BPM, INSQ, INST, NERR8, NERR9, NERR10, NERR11, SDCG } from './cwl.ts';
import { DCG, nDCG } from './dcg.ts';
import { AP_IA, alpha_DCG, alpha_nDCG, ERR_IA, NRBP, nERR_IA, nNRBP, P_IA, StRecall } from './diversity.ts';
import { ERR, nERR } from './expected-reciprocal-rank.ts';
import { F } from './f-measure.ts';
import { infAP } from './inferred-average-precision.ts';
import { IPrec } from './interpolated-precision.ts';
import { Judged } from './judged.ts';
import { P } from './precision.ts';
import { Rprec } from './r-precision.ts';
import { RBP } from './rank-biased-precision.ts';
import { R } from './recall.ts';
import { RR } from './reciprocal-rank.ts';
import { SetAP, SetF, SetP, SetR, SetRelP } from './sets.ts';
import { Success } from './success.ts';

/** Every measure that has a name in the grammar of ir-measures, and what we add in the same form. */
export const measureFamilies: readonly MeasureFamily[] = [
  nDCG,
  DCG,
  AP,
  RR,
  P,
  R,
  F,
  Success,
  Rprec,
  Bpref,
  infAP,
  IPrec,
  RBP,
  ERR,
  nERR,
  Judged,
  Compat,
  SetP,
  SetRelP,
  SetR,
  SetF,
  SetAP,
  Accuracy,
  NumQ,
  NumRel,
  NumRet,
  NumRelRet,
  SDCG,
  BPM,
  INST,
  INSQ,
  NERR8,
  NERR9,
  NERR10,
  NERR11,
  alpha_nDCG,
  alpha_DCG,
  ERR_IA,
  nERR_IA,
  NRBP,
  nNRBP,
  AP_IA,
  P_IA,
  StRecall,
];
